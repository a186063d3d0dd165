"""What the quality gates say of a reading: its flags, and that a check turned."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from contracts.quality import QualityCheck, QualityFlag
from rules.amendment import Amendment
from rules.quality.gate import Turn
from rules.quality.late_value import Later
from rules.sample import Sample

__all__ = ["Finding", "Inspection", "QualityRevision", "finding_of", "flag_text", "revision_of"]

Value = float | bool | str


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
    revision: "QualityRevision | None" = None
    """What a late reading makes of others."""


class QualityRevision(NamedTuple):
    """What a late reading makes of the readings after it."""

    amendments: Sequence[Amendment]
    """What rules may see now."""
    found: Sequence[Finding]
    """What there is to say about the sensor besides."""
    taken_back: Sequence[Finding]
    """What was said and is not so."""
    flags: Sequence[tuple[float, tuple[str, ...]]]
    """Event times with flags that have changed; ``pass:field`` where none is left."""


def flag_text(check: QualityCheck, flag: QualityFlag, field: str) -> str:
    """Return a flag as rules see it: ``flag:check:field``."""
    return f"{flag.name.lower()}:{check.value}:{field}"


def revision_of(sample: Sample, later: Sequence[tuple[str, str, Later]]) -> QualityRevision:
    """Return what other verdicts on values after a late reading come to.

    Args:
        sample: the late reading.
        later: rule and field of each value that gets another verdict.
    """
    amendments: list[Amendment] = []
    found: list[Finding] = []
    taken_back: list[Finding] = []
    flags: list[tuple[float, tuple[str, ...]]] = []
    for rule, field, (at, value, before, after, alone) in later:
        then = replace(sample, at=at, message=None, sent_at=None, offset=None)
        if before.value != after.value:
            amendments.append(Amendment(at, field, after.value))
        for turns, others, into in (
            (after.turns, before.turns, found),
            (before.turns, after.turns, taken_back),
        ):
            into += [
                finding_of(then, rule, field, value, turn) for turn in turns if turn not in others
            ]
        # several rules' flags of a value are told together: those of one would hide the others
        if alone and before.flags != after.flags:
            said = tuple(flag_text(check, flag, field) for check, flag in after.flags)
            flags.append((at, said or (f"pass:{field}",)))
    return QualityRevision(amendments, found, taken_back, flags)


def finding_of(sample: Sample, rule: str, field: str, number: float | None, turn: Turn) -> Finding:
    """Return that a check began or ceased to find too many bad values.

    Args:
        sample: the reading that it turned at.
        rule: the gate set.
        field: what was checked.
        number: the value, or None where there was none.
        turn: what turned.
    """
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
    flags = (flag_text(turn.check, turn.flag, field),) if turn.bad else ()
    return Finding(replace(sample, stream="quality", profile=None, keys=keys, fields=fields), flags)
