"""The engine: samples and ticks in, breaches out; a function of what it is fed, and nothing else."""

import hashlib
import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rules.breach import Breach
from rules.errors import PackError, StateError
from rules.expression.closure import UNKNOWN_SHIFT
from rules.judge import KeyValue, RunningRule
from rules.key_state import NEVER, KeyState, decode_state, encode_state, refit
from rules.ladder import Change, finish, next_deadline, observe, settle
from rules.pack import Rule, RulePack
from rules.sample import Sample
from rules.statement import state_change

__all__ = ["ALLOWED_AHEAD_S", "FORGET_S", "Engine"]

ALLOWED_AHEAD_S: Final = 300.0
"""A sample dated further than this after its arrival is judged at its arrival, and flagged."""
FORGET_S: Final = 600.0
"""A track or observation that has been gone this long leaves no state behind."""

_TRUE_MASK: Final = (1 << UNKNOWN_SHIFT) - 1


class Engine:
    """Runs packs over samples. Not thread-safe; time only ever comes in as an argument.

    ``counters`` counts what was not judged as usual: ``late`` (older than the key's last sample,
    ignored), ``ahead`` (dated too far in the future, judged at arrival), ``unkeyed`` (a name of the
    rule's key is missing), ``unwatched`` (no rule reads it), ``unknown`` (judgements with an unknown
    condition that differed from the one before), ``bad_state`` (snapshots refused by restore).
    """

    def __init__(self, packs: Sequence[RulePack]) -> None:
        self.counters: dict[str, int] = dict.fromkeys(
            ("late", "ahead", "unkeyed", "unwatched", "unknown", "bad_state"), 0
        )
        self._running: dict[str, RunningRule] = {}
        self._index: dict[tuple[str, str | None], tuple[RunningRule, ...]] = {}
        self._timers: list[tuple[float, str, KeyState]] = []
        self._touched: list[KeyState] = []
        self._removed: set[str] = set()
        self._load(packs)

    def apply(self, sample: Sample, now: float) -> list[Breach]:
        """Return what the rules find in a sample that arrived at ``now`` (seconds since 1970)."""
        at, keys, fields = sample.at, sample.keys, sample.fields
        ahead = at > now + ALLOWED_AHEAD_S
        if ahead:
            self.counters["ahead"] += 1
            at = now
        lag = now - at
        breaches: list[Breach] = []
        for running in self._rules_for(sample):
            if running.filters and not running.accepts(keys):
                continue
            try:
                value = running.key_of(keys)
            except KeyError:
                self.counters["unkeyed"] += 1
                continue
            state = running.states.get(value)
            if state is None:
                if running.silent_on(sample):
                    continue
                state = running.states[value] = KeyState(running, value)
            if at < state.last_at:
                self._late(state, sample, breaches)
                continue
            if at >= state.quiet_until:
                self._catch_up(state, at, breaches)
            if running.merges:
                if running.silent_on(sample):
                    continue
                mask = state.judge(state.merge(sample, at))
            else:
                mask = state.judge(fields)
            if mask != state.mask or sample.ended:
                self._judged(state, sample, mask, breaches, at, lag)
                continue
            state.last_at = at
            state.lag = lag
            if state.live:
                state.sample = sample
            if not state.dirty:
                state.dirty = True
                self._touched.append(state)
        return breaches

    def tick(self, now: float) -> list[Breach]:
        """Return what the passing of time alone brings about up to ``now``."""
        breaches: list[Breach] = []
        timers = self._timers
        while timers and timers[0][0] <= now:
            due, _, state = heapq.heappop(timers)
            if due == state.due:
                state.due = NEVER
                breaches += self._expire(state, now)
        return breaches

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return the key states that changed since the last call; None: the key is gone."""
        blobs: dict[str, bytes | None] = dict.fromkeys(self._removed)
        for state in self._touched:
            state.dirty = False
            if state.running.states.get(state.value) is state:
                blobs[state.name] = encode_state(state)
        self._touched.clear()
        self._removed.clear()
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take over key states from snapshots; those of unknown rules and unreadable ones are counted."""
        for name, blob in blobs.items():
            rule, *values = name.split("\x1f")
            running = self._running.get(rule)
            if running is None or len(values) != len(running.rule.key):
                self.counters["bad_state"] += 1
                continue
            value: KeyValue = values[0] if len(values) == 1 else tuple(values)
            try:
                state = running.states[value] = decode_state(running, value, blob)
            except StateError:
                self.counters["bad_state"] += 1
                continue
            if state.due != NEVER:
                heapq.heappush(self._timers, (state.due, state.name, state))

    def replace(self, packs: Sequence[RulePack], now: float | None = None) -> list[Breach]:
        """Swap the packs; return the statements that this makes necessary.

        A rule with the same id and key names keeps its states, also in another version: event ids,
        revisions and pending delays go on, level by level; an episode whose level is no more goes to
        the one that holds now. All other states are dropped, and what was open ends. Both is dated
        ``now``, or to the key's last sample where no ``now`` is given.

        Raises:
            PackError: two packs declare the same rule; the packs in force stay.
        """
        older = self._running
        _check_unique(packs)
        self._load(packs)
        breaches: list[Breach] = []
        for rule_id, before in older.items():
            after = self._running.get(rule_id)
            if after is not None and _same_key(before.rule, after.rule):
                for state in after.adopt(before):
                    refit(state, after)
                    change = _level_lost(state, state.last_at if now is None else now)
                    breaches += _statements(state, change, tick=True)
                    state.refresh()
                    self._touch(state)
                    self._schedule(state)
                continue
            for state in list(before.states.values()):
                self._end(state, state.last_at if now is None else now, breaches, tick=True)
                self._remove(state)
        return breaches

    def digest(self) -> str:
        """Return a SHA-256 over all rule versions and key states, equal for equal states."""
        digest = hashlib.sha256()
        for rule_id in sorted(self._running):
            running = self._running[rule_id]
            digest.update(f"{rule_id}\x1e{running.rule.version}\x1e".encode())
            for state in sorted(running.states.values(), key=lambda state: state.name):
                digest.update(state.name.encode() + b"\x1e" + encode_state(state) + b"\x1e")
        return digest.hexdigest()

    @property
    def key_count(self) -> int:
        """Number of key states held."""
        return sum(len(running.states) for running in self._running.values())

    def _load(self, packs: Sequence[RulePack]) -> None:
        _check_unique(packs)
        self._running = {rule.id: RunningRule(rule) for pack in packs for rule in pack.rules}
        index: dict[tuple[str, str | None], list[RunningRule]] = {}
        for running in self._running.values():
            for slot in _slots(running.rule):
                index.setdefault(slot, []).append(running)
        general = index.get(("observations", None), [])
        self._index = {
            slot: tuple(found + general if slot[0] == "observations" and slot[1] else found)
            for slot, found in index.items()
        }

    def _rules_for(self, sample: Sample) -> tuple[RunningRule, ...]:
        stream = sample.stream
        kind = sample.profile if stream == "readings" else sample.keys.get("kind")
        rules = self._index.get((stream, kind)) or self._index.get((stream, None))
        if rules is None:
            self.counters["unwatched"] += 1
            return ()
        return rules

    def _judged(
        self,
        state: KeyState,
        sample: Sample,
        mask: int,
        breaches: list[Breach],
        at: float,
        lag: float,
    ) -> None:
        """Take in a judgement that may change something."""
        running, held = state.running, state.ladder.held
        if mask > _TRUE_MASK:
            if running.silent_on(sample):
                return
            self.counters["unknown"] += 1
        state.last_at, state.lag, state.sample, state.gone_at = at, lag, sample, None
        state.ladder, changes = observe(
            running.delays, state.ladder, mask & _TRUE_MASK, mask >> UNKNOWN_SHIFT, at
        )
        breaches += _statements(state, changes, tick=False, ahead=at < sample.at)
        state.refresh()
        state.mask = mask if state.ladder.held == held and not running.shared else -1
        if running.shared and not sample.ended:
            state.members |= {_member(sample)}
        if sample.ended:
            self._depart(state, sample, breaches)
        if not state.live:
            state.sample = None
        self._touch(state)
        self._schedule(state)

    def _late(self, state: KeyState, sample: Sample, breaches: list[Breach]) -> None:
        """Count a sample older than its key's last one; that an observation is over still counts."""
        self.counters["late"] += 1
        if sample.ended and _member(sample) in state.members:
            self._depart(state, sample, breaches)
            self._touch(state)
            self._schedule(state)

    def _depart(self, state: KeyState, sample: Sample, breaches: list[Breach]) -> None:
        """Let a subject go: the key ends, or its gap begins, when it was the last one."""
        state.members -= {_member(sample)}
        if state.members or not state.live:
            return
        if state.running.rule.gap_s > 0.0:
            state.gone_at = state.last_at
            state.refresh()
        else:
            self._end(state, state.last_at, breaches, tick=False)

    def _catch_up(self, state: KeyState, at: float, breaches: list[Breach]) -> None:
        """Let the delays end that ended before a sample at ``at``; make it be looked at."""
        leaves_at = _leaves_at(state)
        until = min(math.nextafter(at, -math.inf), _fresh_until(state))
        state.ladder, changes = settle(state.running.delays, state.ladder, until)
        breaches += _statements(state, changes, tick=True)
        if leaves_at <= at:
            self._end(state, leaves_at, breaches, tick=True)
        state.refresh()
        state.mask = -1
        self._touch(state)

    def _expire(self, state: KeyState, now: float) -> list[Breach]:
        """Do what is due for a key by the tick ``now``, and set its next timer."""
        lag, delays = state.lag, state.running.delays
        breaches: list[Breach] = []
        while (deadline := next_deadline(delays, state.ladder)) + lag <= now:
            state.mask = -1
            if deadline > _fresh_until(state):
                state.quiet_until = -math.inf
                break
            state.ladder, changes = settle(delays, state.ladder, deadline)
            breaches += _statements(state, changes, tick=True)
            state.refresh()
        leaves_at = _leaves_at(state)
        if leaves_at + lag <= now:
            self._end(state, leaves_at, breaches, tick=True)
        if not state.live:
            state.sample = None
        self._touch(state)
        if _forgets_at(state) + lag <= now:
            self._remove(state)
        else:
            self._schedule(state, after=now)
        return breaches

    def _end(self, state: KeyState, at: float, breaches: list[Breach], *, tick: bool) -> None:
        """End whatever a key has open or pending because its subject, or its rule, is gone."""
        ended_at = min(at, state.last_at if state.gone_at is None else state.gone_at)
        state.ladder, changes = finish(state.ladder, at, ended_at)
        breaches += _statements(state, changes, tick=tick)
        state.gone_at, state.members, state.sample, state.mask = None, frozenset(), None, -1
        state.refresh()

    def _touch(self, state: KeyState) -> None:
        if not state.dirty:
            state.dirty = True
            self._touched.append(state)

    def _remove(self, state: KeyState) -> None:
        state.running.states.pop(state.value, None)
        state.due = NEVER
        self._removed.add(state.name)

    def _schedule(self, state: KeyState, after: float = -math.inf) -> None:
        """Set the key's timer, unless an earlier one is set: that will look again."""
        moments = (
            next_deadline(state.running.delays, state.ladder),
            _leaves_at(state),
            _forgets_at(state),
        )
        due = min((at + state.lag for at in moments if at + state.lag > after), default=NEVER)
        if due < state.due:
            state.due = due
            heapq.heappush(self._timers, (due, state.name, state))


def _statements(
    state: KeyState, changes: Iterable[Change], *, tick: bool, ahead: bool = False
) -> list[Breach]:
    return [state_change(state, change, tick=tick, ahead=ahead) for change in changes]


def _level_lost(state: KeyState, at: float) -> list[Change]:
    """Return the change that a new version makes by itself to a key's open episode."""
    episode, held = state.episode, state.ladder.held.bit_length() - 1
    if episode is None or not episode.open:
        return []
    steps = state.running.rule.steps
    if held >= 0 and steps[held].level == episode.level:
        return []
    return [Change(at, len(steps) if held < 0 else held + 1, held, max(held, 0), at)]


def _member(sample: Sample) -> str:
    return sample.keys.get("observation", sample.subject)


def _fresh_until(state: KeyState) -> float:
    """Until when the last value stands for the present; a subject that is away has no present."""
    return state.last_at + state.running.rule.fresh_s if state.gone_at is None else state.gone_at


def _leaves_at(state: KeyState) -> float:
    """When a subject that stays away counts as gone."""
    if state.gone_at is not None:
        return state.gone_at + state.running.rule.gap_s
    return state.last_at + state.running.rule.silence_s if state.live else NEVER


def _forgets_at(state: KeyState) -> float:
    """When the state of a subject that comes and goes is dropped."""
    passing = state.running.rule.stream in {"tracks", "observations"}
    idle = not state.live and state.gone_at is None and not state.members
    return state.last_at + FORGET_S if passing and idle else NEVER


def _slots(rule: Rule) -> list[tuple[str, str | None]]:
    if rule.kinds:
        return [(rule.stream, kind) for kind in rule.kinds]
    return [(rule.stream, rule.profile)]


def _same_key(before: Rule, after: Rule) -> bool:
    return (before.stream, before.key) == (after.stream, after.key)


def _check_unique(packs: Sequence[RulePack]) -> None:
    seen: dict[str, str] = {}
    for pack in packs:
        for rule in pack.rules:
            if rule.id in seen:
                msg = f"rule {rule.id!r} is declared in {seen[rule.id]} and {pack.name}; rename one"
                raise PackError(msg)
            seen[rule.id] = pack.name
