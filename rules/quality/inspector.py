"""The inspector: every reading passes the gates of its profile before a rule sees it."""

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from contracts.quality import QualityCheck, QualityFlag
from rules.quality.gate import GateState, QualityGate, Turn, Verdict
from rules.quality.timed_value import TimedValue
from rules.sample import Sample

__all__ = ["Finding", "GateSet", "Inspection", "Inspector"]

_MOST_SUBJECTS: Final = 1_000
"""Subjects whose flags are counted by name; those beyond share one counter."""
_OTHERS: Final = "(others)"
_MARK: Final = "\x1f"

Value = float | bool | str


class GateSet(Struct, frozen=True):
    """The gates that one rule declares."""

    rule: str
    gates: Mapping[str, Mapping[str, QualityGate]]
    """By profile and field."""


class Finding(NamedTuple):
    """That a check began or ceased to find too many bad values, as a sample for the rules."""

    sample: Sample
    flags: tuple[str, ...]


class Inspection(NamedTuple):
    """What is left of a reading."""

    sample: Sample
    """The reading without the values that failed; others may be medians."""
    flags: tuple[str, ...]
    """``flag:check:field`` of everything that was not passed, like ``suspect:spike:depth_m``."""
    findings: Sequence[Finding]


class Inspector:
    """Gates by profile and their state by rule, subject and field.

    A function of what it is fed: not thread-safe, without a clock. Where several rules gate a field,
    a value has to pass all of them.
    """

    def __init__(self, sets: Sequence[GateSet] = ()) -> None:
        self._states: dict[tuple[str, str, str], GateState] = {}
        self._dirty: set[tuple[str, str, str]] = set()
        self._by_profile: dict[str, list[tuple[str, Mapping[str, QualityGate]]]] = {}
        self.flagged: Counter[tuple[str, QualityFlag]] = Counter()
        """Values by subject and flag, SUSPECT, FAIL and MISSING."""
        self.checked: Counter[tuple[QualityCheck, QualityFlag]] = Counter()
        """Values by check and flag, the same ones."""
        self.refused_states = 0
        """Snapshots that could not be read."""
        self._named: set[str] = set()
        self.replace(sets)

    def replace(self, sets: Sequence[GateSet]) -> None:
        """Put other gates in force; a rule that stays keeps what it knows of its sensors."""
        self._by_profile = {}
        for declared in sets:
            for profile, gates in declared.gates.items():
                self._by_profile.setdefault(profile, []).append((declared.rule, gates))
        rules = {declared.rule for declared in sets}
        for key in [key for key in self._states if key[0] not in rules]:
            del self._states[key]
            self._dirty.add(key)

    @property
    def profiles(self) -> Mapping[str, object]:
        """The profiles that have gates; for a quick look whether a reading has to come by."""
        return self._by_profile

    def inspect(
        self, sample: Sample, refused: Mapping[str, float | None], now: float, *, clamped: bool
    ) -> Inspection:
        """Return what the rules may see of a reading, and what there is to say about its sensor.

        Args:
            sample: a reading of a profile that has gates.
            refused: fields that are no longer in it: the value where the profile's range refused
                it, None where it was of the wrong type or unit.
            now: arrival, seconds since 1970.
            clamped: whether its time was ahead of its arrival and set to it.
        """
        fields: dict[str, Value] = sample.fields
        flags: list[str] = []
        findings: list[Finding] = []
        profile = sample.profile
        assert profile is not None
        given_fields = {**sample.fields, **refused} if refused else sample.fields
        for rule, gates in self._by_profile[profile]:
            for field, given in given_fields.items():
                gate = gates.get(field)
                if gate is None:
                    continue
                number = given if type(given) is float else _number(given)
                key = (rule, sample.subject, field)
                reading = TimedValue(sample.at, 0.0 if number is None else number, clamped)
                before = self._states.get(key)
                state, verdict = gate.judge(before, reading, now)
                if state is not before:
                    self._states[key] = state
                    self._dirty.add(key)
                if verdict.flags:
                    self._count(sample.subject, verdict)
                    flags += [_text(check, flag, field) for check, flag in verdict.flags]
                if field not in fields:
                    pass  # withheld before, or by the gates of another rule
                elif verdict.value is None:
                    fields = {name: value for name, value in fields.items() if name != field}
                elif number is not None and verdict.value != number:
                    fields = {**fields, field: verdict.value}
                for turn in verdict.turns:
                    findings.append(_finding(sample, rule, field, number, turn))
        if fields is not sample.fields:
            sample = replace(sample, fields=fields)
        return Inspection(sample, tuple(dict.fromkeys(flags)) if flags else (), findings)

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
        blobs: dict[str, bytes | None] = {}
        for key in self._dirty:
            state = self._states.get(key)
            blobs[_MARK.join(key)] = None if state is None else _ENCODER.encode(state)
        self._dirty.clear()
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take back what :meth:`take_dirty` gave out; what cannot be read starts anew, counted."""
        for name, blob in blobs.items():
            parts = name.split(_MARK)
            try:
                rule, subject, field = parts
                self._states[rule, subject, field] = _DECODER.decode(blob)
            except (ValueError, msgspec.DecodeError):
                self.refused_states += 1

    def digest(self) -> str:
        """Return a SHA-256 over all states, equal for equal states; empty where there is none."""
        if not self._states:
            return ""
        digest = hashlib.sha256()
        for key in sorted(self._states):
            digest.update(_MARK.join(key).encode() + b"\x1e" + _ENCODER.encode(self._states[key]))
        return digest.hexdigest()

    @property
    def key_count(self) -> int:
        """Number of states held."""
        return len(self._states)


_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_DECODER: Final = msgspec.msgpack.Decoder(GateState)


def _number(given: Value | None) -> float | None:
    """Return a value to compare, NaN for one that is missing, None for a flag or a text."""
    if given is None:
        return math.nan
    return None if isinstance(given, bool | str) else given


def _text(check: QualityCheck, flag: QualityFlag, field: str) -> str:
    return f"{flag.name.lower()}:{check.value}:{field}"


def _finding(sample: Sample, rule: str, field: str, number: float | None, turn: Turn) -> Finding:
    fields: dict[str, Value] = {"bad": turn.bad, "flag": float(turn.flag)}
    if number is not None and not math.isnan(number):
        fields["value"] = number
    keys = {
        **sample.keys,
        "profile": sample.profile or "",
        "field": field,
        "check": turn.check.value,
        "gates": rule,
    }
    flags = (_text(turn.check, turn.flag, field),) if turn.bad else ()
    return Finding(replace(sample, stream="quality", profile=None, keys=keys, fields=fields), flags)
