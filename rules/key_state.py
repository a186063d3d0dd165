"""What the engine remembers for one rule and key, and its snapshot as bytes."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from rules.baseline import weigh
from rules.errors import StateError
from rules.expression import evaluate
from rules.expression.kleene import known_number
from rules.judge import KeyValue, RunningRule
from rules.key_past import Held, Mark, Past, decode_operators, encode_operators
from rules.ladder import LadderState, next_deadline
from rules.operator_state import Episode, OperatorState
from rules.sample import Sample
from rules.signals import MEMBER, take_in
from rules.windows import WindowState, advance

if TYPE_CHECKING:
    from rules.expression.closure import Conditions

__all__ = ["NEVER", "Episode", "KeyState", "decode_state", "encode_state", "refit"]

_FORMAT: Final = 1
_MOST_TOLD: Final = 16
NEVER: Final = math.inf
_NO_FIELDS: Final[Mapping[str, Any]] = MappingProxyType({})


class KeyState:
    """The state of one rule and key.

    ``quiet_until`` is when a delay next ends: before it, a sample whose judgement equals ``mask``
    changes nothing but ``last_at`` and ``lag``. ``mask`` is -1 where the next judgement must be
    looked at in any case. What the rest implies is left out of snapshots.
    """

    __slots__ = (
        "dirty",
        "due",
        "episode",
        "fields",
        "gone_at",
        "judge",
        "keep",
        "ladder",
        "lag",
        "last_at",
        "live",
        "mask",
        "members",
        "more",
        "past",
        "quiet_until",
        "running",
        "sample",
        "times",
        "value",
    )

    def __init__(self, running: RunningRule, value: KeyValue) -> None:
        self.running = running
        self.value = value
        self.ladder = running.fresh
        self.episode: Episode | None = None
        self.last_at = -math.inf
        self.lag = 0.0
        """Arrival time minus event time of the last sample: how far this key's clock lies back."""
        self.due = NEVER
        """When the engine's timer will look at this key, in arrival time."""
        self.gone_at: float | None = None
        """Since when the subject is away, while the gap may still be bridged."""
        self.members: frozenset[str] = frozenset()
        self.fields: Mapping[str, Any] = _NO_FIELDS
        """Last known values, where a rule reads several fields."""
        self.times: dict[str, float] | None = None
        """When each of them was reported; None: all at ``last_at``."""
        self.sample: Sample | None = None
        """The last sample, kept while something is pending or open."""
        self.judge: Conditions = running.judge(0)
        self.mask = -1
        self.quiet_until = NEVER
        self.live = False
        self.keep = running.remembers
        """Whether the last sample must be kept."""
        self.dirty = False
        self.past: Past | None = None
        """What late samples can go back to; None: it was always as it is."""
        self.more: OperatorState | None = OperatorState() if running.operates else None
        if running.remembers:
            self.quiet_until = -math.inf
        """What operators beside the ladder remember; None for a rule without them."""

    def __lt__(self, other: object) -> bool:
        """Never less: timers that are due at once keep the order of their names."""
        return False

    @property
    def name(self) -> str:
        """Name of this state among all rules: rule id and key values."""
        return self.running.name_of(self.value)

    def operators(self) -> OperatorState:
        """Return the state of the operators, made now where there is none."""
        if self.more is None:
            self.more = OperatorState()
        return self.more

    def mark(self, held: Held | None) -> Mark:
        """Return what the key is now, to go back to.

        Args:
            held: the episode that holds now, or the last one that did.
        """
        running = self.running
        return Mark(
            self.last_at,
            self.ladder,
            dict(self.fields) if running.merges else None,
            self.times,
            None if self.more is None else encode_operators(self.more),
            held,
        )

    def go_back(self, mark: Mark) -> None:
        """Become what the key was at a mark, but for what runs on the arrival clock."""
        self.last_at, self.ladder, self.mask = mark.after, mark.ladder, -1
        if self.past is not None:
            self.past.settled_at = -math.inf
        self.fields, self.times = mark.fields or _NO_FIELDS, mark.times
        if mark.operators is not None:
            self.more = decode_operators(mark.operators, self.operators())

    def remember(self, episode: Episode, latest: Episode) -> None:
        """Keep an episode that is over, for late samples that show it in another light."""
        told = () if self.past is None else self.past.told
        ended = (*told, episode)
        self.keep_told([one for one in ended if one.event_id != latest.event_id])

    def keep_told(self, episodes: Sequence[Episode]) -> None:
        """Keep these episodes, the latest ones of them, and no others."""
        if self.past is None:
            self.past = Past()
        self.past.told = tuple(episodes[-_MOST_TOLD:])

    def refresh(self) -> None:
        """Recompute what follows from the ladder, the episode and the gap."""
        self.judge = self.running.judge(self.ladder.held)
        opened = self.episode is not None and self.episode.open
        pending = any(since is not None for since in self.ladder.since)
        self.live = opened or pending or self.ladder.held != 0
        self.keep = self.live or self.running.remembers
        past = self.past
        if (
            self.gone_at is not None
            or (self.running.vanishes and self.live)
            or (past is not None and past.settled_at > self.last_at)
            or self._missing()
        ):
            self.quiet_until = -math.inf
        else:
            self.quiet_until = next_deadline(self.running.delays, self.ladder)
            if self.running.remembers and self.more is not None:
                turns_at = self.more.turns_at
                self.quiet_until = min(
                    self.quiet_until, -math.inf if turns_at is None else turns_at
                )

    def _missing(self) -> bool:
        """Whether silence has had consequences that the next sample ends."""
        more = self.more
        if more is None:
            return False
        return more.silent or (more.absence is not None and more.absence.open)

    def merge(self, sample: Sample, at: float) -> Mapping[str, Any]:
        """Return the rule's fields after a sample: its own, and older ones that are still fresh."""
        running = self.running
        if running.correlates:
            self._correlate(sample, at)
        else:
            self._merge(running.fields_of(sample), at)
        if running.derives:
            return self._derive(sample, at)
        return self.fields if running.table is None else self._placed()

    def _placed(self) -> dict[str, Any]:
        """Return the rule's fields, with what its table of places says of the key."""
        return {**self.running.row_of(self.value).values, **self.fields}

    def _correlate(self, sample: Sample, at: float) -> None:
        """Take in what a member says of a signal; the key's fields are its signals."""
        more, running = self.operators(), self.running
        member = sample.keys.get(MEMBER, sample.subject)
        taken = take_in(running.rule.signals, more.signals, sample.fields, member, sample.at, at)
        self.fields, self.times = taken.fields, None
        more.stands_until = taken.until if taken.fields else None
        if taken.crowded:
            running.counters["crowded"] = running.counters.get("crowded", 0) + 1

    def _derive(self, sample: Sample, at: float) -> Mapping[str, Any]:
        """Return the rule's fields and its ``let`` values, after they took in a sample."""
        known, windows, fields = self._placed(), self.operators().windows, sample.fields
        for let in self.running.rule.operators.lets:
            state = windows.get(let.text)
            if state is None:
                state = windows[let.text] = WindowState()
            value = None
            if not let.names.isdisjoint(fields):
                value = known_number(evaluate(let.node, known, self.running.rule.fields))
            if let.usual is None:
                known[let.name] = advance(let, state, value, at)
                continue
            usual = None
            if not let.names.isdisjoint(fields):
                usual = known_number(evaluate(let.usual, known, self.running.rule.fields))
            known[let.name] = weigh(let, state, value, usual, at)
        return known

    def _merge(self, given: Mapping[str, Any], at: float) -> None:
        names = self.running.name_set
        if names <= given.keys():
            self.fields, self.times = given, None
            return
        fields, times = dict(self.fields), self.times
        if times is None:
            times = dict.fromkeys(fields, self.last_at)
        oldest = at - self.running.rule.fresh_s
        self.fields = {
            name: value for name, value in fields.items() if name in names and times[name] >= oldest
        }
        self.times = {name: times[name] for name in self.fields}
        for name in names & given.keys():
            self.fields[name] = given[name]
            self.times[name] = at

    def values(self) -> Mapping[str, Any]:
        """Return the field values that were judged last."""
        if self.running.derives:
            windows = self.operators().windows
            return self._placed() | {
                let.name: windows[let.text].result
                for let in self.running.rule.operators.lets
                if let.text in windows
            }
        if self.running.table is not None:
            return self._placed()
        if self.running.merges or self.sample is None:
            return self.fields
        return self.sample.fields


class _Snapshot(Struct, frozen=True, array_like=True):
    """The wire form of a key's state; short, because there is one for every key."""

    format: int
    version: str
    levels: str
    """Levels of the ladder's steps, by first letter."""
    ladder: LadderState
    last_at: float
    lag: float
    due: float | None
    gone_at: float | None
    episode: Episode | None
    members: tuple[str, ...]
    fields: dict[str, float | bool | str | None] | None
    times: dict[str, float] | None
    sample: Sample | None
    mask: int = -1
    """The last judgement: with it, the first sample after a restart takes the same way as without one."""
    more: OperatorState | None = None
    past: Past | None = None


_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER = msgspec.msgpack.Decoder(_Snapshot)


def encode_state(state: KeyState) -> bytes:
    """Return a key's state as bytes; equal states give equal bytes."""
    running = state.running
    fields = None
    if running.merges:
        fields = {name: state.fields[name] for name in running.name_set if name in state.fields}
    # in the order of _Snapshot, whose bytes these are; making one takes longer than encoding it
    return _ENCODER.encode(
        (
            _FORMAT,
            running.rule.version,
            running.levels,
            state.ladder,
            state.last_at,
            state.lag,
            None if state.due == NEVER else state.due,
            state.gone_at,
            state.episode,
            sorted(state.members) if state.members else (),
            fields,
            state.times,
            state.sample if state.keep or state.gone_at is not None else None,
            state.mask,
            state.more,
            state.past,
        )
    )


def decode_state(running: RunningRule, value: KeyValue, blob: bytes) -> KeyState:
    """Return the state in a snapshot, fitted to the rule's present ladder.

    Raises:
        StateError: the bytes are no snapshot, or of a format this version does not read.
    """
    try:
        found = _DECODER.decode(blob)
    except msgspec.DecodeError as failure:
        msg = f"state of rule {running.rule.id!r}: not a snapshot ({failure}); start without it"
        raise StateError(msg) from failure
    if found.format != _FORMAT or len(found.ladder.since) != len(found.levels):
        msg = f"state of rule {running.rule.id!r}: format {found.format}, expected {_FORMAT}"
        raise StateError(msg)
    state = KeyState(running, value)
    state.ladder = _fit(found.ladder, found.levels, running.levels)
    state.last_at, state.lag = found.last_at, found.lag
    state.due = NEVER if found.due is None else found.due
    state.gone_at, state.episode = found.gone_at, found.episode
    state.members = frozenset(found.members)
    state.fields, state.times = found.fields or _NO_FIELDS, found.times
    state.sample = found.sample
    if found.more is not None:
        state.more = found.more
    if found.levels == running.levels and found.version == running.rule.version:
        state.mask, state.past = found.mask, found.past
    state.refresh()
    return state


def refit(state: KeyState, running: RunningRule) -> None:
    """Move a state to another version of its rule, level by level."""
    before, before_signals = state.running.levels, state.running.rule.signals
    if running.rule.migrate is not None:
        before = running.rule.migrate.levels_of(before)
    state.running = running
    running.states[state.value] = state
    state.ladder = _fit(state.ladder, before, running.levels)
    if running.operates:
        texts = {let.text for let in running.rule.operators.lets}
        more = state.operators()
        more.windows = {text: one for text, one in more.windows.items() if text in texts}
        same = {one.name for one in running.rule.signals if one in before_signals}
        more.signals = {name: one for name, one in more.signals.items() if name in same}
    state.refresh()
    state.mask = -1


def _fit(ladder: LadderState, before: str, after: str) -> LadderState:
    """Return a ladder's state for other steps: a level keeps its own, a new one has seen nothing."""
    if before == after:
        return ladder
    origin = [before.find(letter) for letter in after]
    hits = ladder.hits or ((),) * len(before)
    return LadderState(
        tuple(None if old < 0 else ladder.since[old] for old in origin),
        _moved(ladder.held, origin),
        _moved(ladder.frozen, origin),
        _moved(ladder.spent, origin),
        tuple(() if old < 0 else hits[old] for old in origin) if ladder.hits else (),
    )


def _moved(mask: int, origin: Sequence[int]) -> int:
    """Return a mask of steps for steps that each come from another place, or from none (-1)."""
    return sum((mask >> old & 1) << step for step, old in enumerate(origin) if old >= 0)
