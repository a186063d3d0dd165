"""What the quality gates say of a reading: its flags, and that a check turned."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from msgspec.structs import replace

from contracts.quality import QualityCheck, QualityFlag
from rules.quality.gate import Turn
from rules.sample import Sample

__all__ = ["Finding", "Inspection", "finding_of", "flag_text"]

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


def flag_text(check: QualityCheck, flag: QualityFlag, field: str) -> str:
    """Return a flag as rules see it: ``flag:check:field``."""
    return f"{flag.name.lower()}:{check.value}:{field}"


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
