"""What the engine remembers for one rule and key."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from rules.baseline import weigh
from rules.expression import evaluate
from rules.expression.kleene import known_number
from rules.judge import KeyValue, RunningRule
from rules.key_past import Held, Mark, Past, decode_operators, encode_operators
from rules.key_story import StoriedKey
from rules.ladder import fit_ladder, next_deadline
from rules.operator_state import Episode, OperatorState
from rules.sample import Sample
from rules.signals import MEMBER, take_in
from rules.windows import WindowState, advance

if TYPE_CHECKING:
    from rules.calm_keys import CalmKeys
    from rules.expression.closure import Conditions

__all__ = ["NEVER", "NO_FIELDS", "Episode", "KeyState", "refit"]

_MOST_TOLD: Final = 16
NEVER: Final = math.inf
NO_FIELDS: Final[Mapping[str, Any]] = MappingProxyType({})


class KeyState(StoriedKey):
    """The state of one rule and key; kept small, because there is one for every key of a city.

    What only keys have that something happened to lies in a :class:`rules.key_story.KeyStory`.
    ``quiet_until`` is when a delay next ends: before it, a sample whose judgement equals ``mask``
    changes nothing but ``last_at`` and ``lag``. ``mask`` is -1 where the next judgement must be
    looked at in any case. What the rest implies is left out of snapshots.
    """

    __slots__ = (
        "calm",
        "dirty",
        "due",
        "fields",
        "judge",
        "keep",
        "ladder",
        "mask",
        "more",
        "own_lag",
        "own_last_at",
        "quiet_until",
        "running",
        "value",
    )

    def __init__(self, running: RunningRule, value: KeyValue) -> None:
        super().__init__()
        self.running = running
        self.value = value
        self.ladder = running.fresh
        self.calm: CalmKeys | None = None
        """What stands for the key while nothing changes; it then knows when it was last heard of."""
        self.own_last_at = -math.inf
        self.own_lag = 0.0
        """``last_at`` and ``lag`` as they are while nothing stands for the key."""
        self.due = NEVER
        """When the engine's timer will look at this key, in arrival time."""
        self.fields: Mapping[str, Any] = NO_FIELDS
        """Last known values, where a rule reads several fields."""
        self.judge: Conditions = running.judge(0)
        self.mask = -1
        self.quiet_until = NEVER
        self.keep = running.remembers
        """Whether the last sample must be kept."""
        self.dirty = False
        self.more: OperatorState | None = OperatorState() if running.operates else None
        """What operators beside the ladder remember; None for a rule without them."""
        if running.remembers:
            self.quiet_until = -math.inf

    def __lt__(self, other: object) -> bool:
        """Never less: timers that are due at once keep the order of their names."""
        return False

    @property
    def last_at(self) -> float:
        """Event time of the last sample; minus infinity before the first."""
        return self.own_last_at if self.calm is None else self.calm.at

    @last_at.setter
    def last_at(self, at: float) -> None:
        if self.calm is not None:
            self.calm.release()
        self.own_last_at = at

    @property
    def is_new(self) -> bool:
        """Whether it has seen nothing yet."""
        return self.own_last_at == -math.inf and self.story is None

    @property
    def lag(self) -> float:
        """Arrival time minus event time of the last sample: how far this key's clock lies back."""
        return self.own_lag if self.calm is None else self.calm.lag

    @lag.setter
    def lag(self, lag: float) -> None:
        if self.calm is not None:
            self.calm.release()
        if self.own_lag != lag:  # equal ones stay one object
            self.own_lag = lag

    @property
    def live(self) -> bool:
        """Whether something is pending, held or told and not yet over."""
        episode, ladder = self.episode, self.ladder
        if ladder is self.running.fresh and episode is None:
            return False
        opened = episode is not None and episode.open
        return opened or ladder.held != 0 or any(since is not None for since in ladder.since)

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
            self.gone_at,
            tuple(sorted(self.members)) if self.members else (),
        )

    def go_back(self, mark: Mark) -> None:
        """Become what the key was at a mark, but for what runs on the arrival clock."""
        self.last_at, self.ladder, self.mask = mark.after, mark.ladder, -1
        if self.past is not None:
            self.past.settled_at = -math.inf
        self.fields, self.times = mark.fields or NO_FIELDS, mark.times
        if self.running.passes:
            self.gone_at, self.members = mark.gone_at, frozenset(mark.members)
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
        live = self.live
        self.keep = live or self.running.remembers
        past = self.past
        if (
            self.gone_at is not None
            or (self.running.vanishes and live)
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


def refit(state: KeyState, running: RunningRule) -> None:
    """Move a state to another version of its rule, level by level."""
    before, before_signals = state.running.levels, state.running.rule.signals
    if running.rule.migrate is not None:
        before = running.rule.migrate.levels_of(before)
    state.running = running
    running.states[state.value] = state
    state.ladder = fit_ladder(state.ladder, before, running.levels)
    if running.operates:
        texts = {let.text for let in running.rule.operators.lets}
        more = state.operators()
        more.windows = {text: one for text, one in more.windows.items() if text in texts}
        same = {one.name for one in running.rule.signals if one in before_signals}
        more.signals = {name: one for name, one in more.signals.items() if name in same}
    state.refresh()
    state.mask = -1
