"""The inspector: every reading passes the gates of its profile before a rule sees it."""

import hashlib
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec.structs import astuple, replace

from contracts.quality import QualityCheck, QualityFlag
from rules.quality.calm_gate import CalmGate
from rules.quality.excuse import Excuse, Grounds
from rules.quality.finding import Finding, Inspection, finding_of, flag_text, revision_of
from rules.quality.fitted_gates import FittedGates
from rules.quality.gate import GateState, Turn, Verdict
from rules.quality.gate_snapshot import GateSnapshot
from rules.quality.gate_trail import Row
from rules.quality.late_value import Later, judge_in_place
from rules.quality.sensor_memory import SensorMemory
from rules.quality.timed_value import TimedValue
from rules.quality.watch import GateSet, Watch, is_sole
from rules.sample import Sample

__all__ = ["Finding", "Inspection", "Inspector", "Judgement"]

_MOST_SUBJECTS: Final = 1_000
"""Subjects whose flags are counted by name; those beyond share one counter."""
_OTHERS: Final = "(others)"
_MARK: Final = "\x1f"
_GROUNDS: Final = "\x1fgrounds"
"""Names of grounds among the states begin like this; no rule id does."""

Value = float | bool | str


class Judgement(NamedTuple):
    """What the gates say of a reading that did not simply pass."""

    fields: dict[str, Value]
    """Its values without those that failed; others may be medians."""
    flags: tuple[str, ...]
    turns: Sequence[tuple[str, str, float | None, Turn]]
    """Rule, field, value and turn, for each check that began or ceased to find too many bad values."""
    later: Sequence[tuple[str, str, Later]] = ()
    """Rule and field of each value after it that gets another verdict, because it came late."""


class Inspector:
    """Gates by profile and their state by rule, subject and field.

    A function of what it is fed: not thread-safe, without a clock. Where several rules gate a field,
    a value has to pass all of them.

    Args:
        sets: the gates in force.
        cadences: seconds between two readings of sensors that have a cadence of their own, by
            subject; what :meth:`watch` returned before it changed is void.
    """

    def __init__(
        self, sets: Sequence[GateSet] = (), cadences: Mapping[str, float] | None = None
    ) -> None:
        self._fitted = FittedGates({} if cadences is None else cadences)
        self._memories: dict[str, dict[str, dict[str, SensorMemory]]] = {}
        self._touched: list[SensorMemory] = []
        self._removed: set[str] = set()
        self._grounds: dict[tuple[str, str], Grounds] = {}
        self._heard: set[tuple[str, str]] = set()
        self._excuses: dict[str, Excuse] = {}
        self._by_profile: dict[str, list[tuple[str, Mapping[str, CalmGate]]]] = {}
        self.flagged: Counter[tuple[str, QualityFlag]] = Counter()
        """Values by subject and flag, SUSPECT, FAIL and MISSING."""
        self.checked: Counter[tuple[QualityCheck, QualityFlag]] = Counter()
        """Values by check and flag, the same ones."""
        self.unordered = 0
        """Values too late for their place, and second ones of a moment: compared with no other."""
        self.reordered = 0
        """Late values that were judged in their place."""
        self.refused_states = 0
        """Snapshots that could not be read."""
        self._named: set[str] = set()
        self.replace(sets)

    def replace(self, sets: Sequence[GateSet]) -> None:
        """Put other gates in force; a rule that stays keeps what it knows of its sensors.

        What :meth:`watch` returned before is void.
        """
        self._by_profile = {}
        self._fitted.forget()
        self._excuses = {}
        for declared in sets:
            for profile, gates in declared.gates.items():
                calm = {field: CalmGate(gate) for field, gate in gates.items()}
                self._by_profile.setdefault(profile, []).append((declared.rule, calm))
                excuse = next((gate.excuse for gate in calm.values() if gate.excuse), None)
                if excuse is not None:
                    self._excuses[declared.rule] = excuse
        for excuse in self._excuses.values():
            self._by_profile.setdefault(excuse.profile, [])
        for key in [key for key in self._grounds if key[0] not in self._excuses]:
            self._removed.add(_grounds_name(self._grounds.pop(key)))
        for memory in self._all():
            if memory.gate is None and memory.frozen is not None:
                # nobody knows whether the gates that it is of are the new ones
                memory.trail.bar(memory.frozen.at, memory.frozen)
        for rule in self._memories.keys() - {declared.rule for declared in sets}:
            for memories in self._memories.pop(rule).values():
                self._removed.update(_name(memory) for memory in memories.values())

    @property
    def profiles(self) -> Mapping[str, object]:
        """The profiles that have gates; for a quick look whether a reading has to come by."""
        return self._by_profile

    def watch(self, profile: str, subject: str, keys: Mapping[str, str]) -> tuple[Watch, ...]:
        """Return the gates of a sensor with what they remember, for :meth:`judge`.

        Args:
            profile: its profile.
            subject: its name.
            keys: where it stands: site, district and box.
        """
        found: list[Watch] = []
        for rule, usual in self._by_profile.get(profile, ()):
            gates = self._fitted.of(subject, profile, rule, usual)
            memories = self._memories.setdefault(rule, {}).setdefault(subject, {})
            for field, memory in memories.items():
                gate = gates.get(field)
                if gate is not None and memory.gate is not gate and gate.adopt(memory):
                    memory.dirty = True
                    self._touched.append(memory)
            found.append(Watch(rule, gates, memories, self._grounds_of(rule, keys), None))
        for rule, excuse in self._excuses.items():
            if excuse.profile == profile:
                found.append(Watch(rule, {}, {}, None, self._grounds_of(rule, keys)))
        return tuple(found)

    def _grounds_of(self, rule: str, keys: Mapping[str, str]) -> Grounds | None:
        """Return what was said at a place to excuse a rule's sensors."""
        excuse = self._excuses.get(rule)
        if excuse is None:
            return None
        key = (rule, keys.get(excuse.by, ""))
        grounds = self._grounds.get(key)
        if grounds is None or not grounds.adopt(excuse):
            grounds = self._grounds[key] = Grounds(*key)
            grounds.adopt(excuse)
            self._heard.add(key)
        return grounds

    def judge(  # noqa: C901 - hot: calls cost more
        self,
        watches: Sequence[Watch],
        subject: str,
        at: float,
        fields: dict[str, Value],
        refused: Mapping[str, float | None],
        now: float,
        *,
        clamped: bool,
    ) -> Judgement | None:
        """Return what the gates say of a reading; None where it passes as it is.

        Args:
            watches: the gates of its sensor, from :meth:`watch`.
            subject: the sensor.
            at: event time, seconds since 1970.
            fields: its values; the mapping is not changed.
            refused: fields that are no longer in it: the value where the profile's range refused
                it, None where it was of the wrong type or unit.
            now: arrival, seconds since 1970.
            clamped: whether its time was ahead of its arrival and set to it.
        """
        left = fields
        flags: list[str] | None = None
        turns: list[tuple[str, str, float | None, Turn]] = []
        later: list[tuple[str, str, Later]] = []
        given_fields = {**fields, **refused} if refused else fields
        # a clamped value is ahead of itself: no comparison with NaN lets it pass
        arrived = math.nan if clamped else now
        for rule, gates, memories, grounds, testifies in watches:
            if testifies is not None:
                self._hear(testifies, subject, at, fields)
            for field, given in given_fields.items():
                memory = memories.get(field)
                if memory is None:
                    gate = gates.get(field)
                    if gate is None:
                        continue
                    memory = memories[field] = SensorMemory(rule, subject, field)
                    gate.adopt(memory)
                if grounds is not None:
                    memory.excused = grounds.until(at)
                value = given if given.__class__ is float else _value(given)
                seen = memory.passes(memory, at, value, arrived)
                if seen is not None:
                    if not memory.dirty:
                        memory.dirty = True
                        self._touched.append(memory)
                    if seen != value and field in left:
                        left = {**left, field: seen}
                    continue
                number = None if isinstance(given, bool | str) else value
                reading = TimedValue(at, value, clamped, memory.excused)
                verdict = self._judge_plainly(memory, reading, now)
                if field in refused and not verdict.unordered:
                    self._bar(memory, at)
                elif verdict.unordered and field not in refused and is_sole(watches, field):
                    verdict, changed = self._place(memory, reading, now, verdict)
                    alone = sum(field in one.gates for one in watches) == 1
                    later += [(rule, field, one._replace(alone=alone)) for one in changed]
                self.unordered += verdict.unordered
                flags = flags or []
                if verdict.flags:
                    self._count(subject, verdict)
                    flags += [flag_text(check, flag, field) for check, flag in verdict.flags]
                if field not in left:
                    pass  # withheld before, or by the gates of another rule
                elif verdict.value is None:
                    left = {name: value for name, value in left.items() if name != field}
                elif number is not None and verdict.value != number:
                    left = {**left, field: verdict.value}
                turns += [(rule, field, number, turn) for turn in verdict.turns]
        if left is fields and not flags and not turns and not later:
            return None
        return Judgement(left, tuple(dict.fromkeys(flags or ())), turns, later)

    def passed(self, memory: SensorMemory) -> None:
        """Take note of a memory whose ``passes`` was asked by someone else, and said yes."""
        if not memory.dirty:
            memory.dirty = True
            self._touched.append(memory)

    def _hear(self, grounds: Grounds, witness: str, at: float, fields: dict[str, Value]) -> None:
        if grounds.hear(witness, at, fields):
            self._heard.add((grounds.rule, grounds.place))

    def _judge_plainly(self, memory: SensorMemory, reading: TimedValue, now: float) -> Verdict:
        assert memory.gate is not None
        verdict, moved = memory.gate.judge(memory, reading, now)
        if moved and not memory.dirty:
            memory.dirty = True
            self._touched.append(memory)
        return verdict

    def _place(
        self, memory: SensorMemory, reading: TimedValue, now: float, verdict: Verdict
    ) -> tuple[Verdict, list[Later]]:
        """Return the verdict on a late value in its place, and those that change with it."""
        assert memory.gate is not None
        at, value, clamped, excused_until = reading
        row = Row(at, value, math.nan if clamped else now, min(excused_until, at))
        placed = judge_in_place(memory.gate.plain, memory, row)
        if placed is None:
            return verdict, []
        self.reordered += 1
        self.passed(memory)
        return placed.verdict, placed.later

    @staticmethod
    def _bar(memory: SensorMemory, at: float) -> None:
        """Let nothing be put before a value that the profile refused: what rules saw is not the gates'."""
        memory.trail.bar(at, _shape(memory))

    def inspect(
        self, sample: Sample, refused: Mapping[str, float | None], now: float, *, clamped: bool
    ) -> Inspection:
        """Return what the rules may see of a reading, and what there is to say about its sensor.

        Args:
            sample: a reading of a profile that has gates.
            refused: as for :meth:`judge`.
            now: arrival, seconds since 1970.
            clamped: whether its time was ahead of its arrival and set to it.
        """
        watches = self.watch(sample.profile or "", sample.subject, sample.keys)
        judgement = self.judge(
            watches, sample.subject, sample.at, sample.fields, refused, now, clamped=clamped
        )
        return self.explain(sample, judgement)

    @staticmethod
    def explain(sample: Sample, judgement: Judgement | None) -> Inspection:
        """Return what a judgement means for the reading that it was about."""
        if judgement is None:
            return Inspection(sample, (), ())
        findings = [finding_of(sample, *turn) for turn in judgement.turns]
        revision = revision_of(sample, judgement.later) if judgement.later else None
        if judgement.fields is not sample.fields:
            sample = replace(sample, fields=judgement.fields)
        return Inspection(sample, judgement.flags, findings, revision)

    def _count(self, subject: str, verdict: Verdict) -> None:
        if subject not in self._named:
            if len(self._named) < _MOST_SUBJECTS:
                self._named.add(subject)
            else:
                subject = _OTHERS
        self.flagged[subject, verdict.flag] += 1
        self.checked.update(verdict.flags)

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return the states that changed since the last call; None: it is gone."""
        blobs: dict[str, bytes | None] = dict.fromkeys(self._removed)
        for memory in self._touched:
            memory.dirty = False
            rule, subject, field = memory.key
            if self._memories.get(rule, {}).get(subject, {}).get(field) is memory:
                blobs[_name(memory)] = _encode(memory)
        for key in self._heard & self._grounds.keys():
            grounds = self._grounds[key]
            blobs[_grounds_name(grounds)] = grounds.encode()
        self._heard.clear()
        self._touched.clear()
        self._removed.clear()
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take back what :meth:`take_dirty` gave out; what cannot be read starts anew, counted."""
        for name, blob in blobs.items():
            try:
                if name.startswith(_GROUNDS):
                    self._restore_grounds(name, blob)
                    continue
                rule, subject, field = name.split(_MARK)
                state = _DECODER.decode(blob)
            except (ValueError, msgspec.DecodeError):
                self.refused_states += 1
                continue
            memory = SensorMemory(rule, subject, field)
            if state.trail is not None:
                memory.trail.restore(state.trail)
            memory.frozen = state.state()
            self._memories.setdefault(rule, {}).setdefault(subject, {})[field] = memory

    def _restore_grounds(self, name: str, blob: bytes) -> None:
        _, rule, place = name.removeprefix(_GROUNDS).split(_MARK)
        grounds = Grounds(rule, place)
        grounds.decode(blob)
        self._grounds[rule, place] = grounds

    def digest(self) -> str:
        """Return a SHA-256 over all states, equal for equal states; empty where there is none."""
        memories = sorted(self._all(), key=lambda memory: memory.key)
        if not memories and not self._grounds:
            return ""
        digest = hashlib.sha256()
        for key in sorted(self._grounds):
            digest.update(_MARK.join(key).encode() + b"\x1e" + self._grounds[key].encode())
        for memory in memories:
            digest.update(_name(memory).encode() + b"\x1e" + _encode(memory))
        return digest.hexdigest()

    @property
    def key_count(self) -> int:
        """Number of states held."""
        return sum(1 for _ in self._all())

    def _all(self) -> Iterator[SensorMemory]:
        for subjects in self._memories.values():
            for memories in subjects.values():
                yield from memories.values()


_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_DECODER: Final = msgspec.msgpack.Decoder(GateSnapshot)


def _name(memory: SensorMemory) -> str:
    return _MARK.join(memory.key)


def _grounds_name(grounds: Grounds) -> str:
    return _MARK.join((_GROUNDS, grounds.rule, grounds.place))


def _shape(memory: SensorMemory) -> object:
    return memory.frozen if memory.gate is None else memory.gate.shape(memory)


def _encode(memory: SensorMemory) -> bytes:
    """Return a memory as bytes: its state, and its trail as the last part of that."""
    shape = _shape(memory)
    if isinstance(shape, GateState):
        shape = astuple(shape)
    if not isinstance(shape, tuple):
        return _ENCODER.encode(shape)
    return _ENCODER.encode((*shape, memory.trail.snapshot()))


def _value(given: Value | None) -> float:
    """Return a value to compare: NaN for one that is missing, 0 for a flag or a text."""
    if given is None:
        return math.nan
    return 0.0 if isinstance(given, bool | str) else float(given)
