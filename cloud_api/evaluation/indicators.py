"""Indicators as data: what they are called, how they are reckoned, what is aimed at since when."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from cloud_api.errors import ProfileError
from cloud_api.evaluation.measures import MEASURES
from runtime.yaml_document import Document, convert, load_document

__all__ = ["FAMILIES", "INDICATOR_FILE", "Formula", "Indicator", "Target", "load_indicators"]

INDICATOR_FILE = Path(__file__).parent / "indicators.yaml"

FAMILIES = {
    "efficiency": ("效率", "efficiency"),
    "service": ("服务", "service"),
    "coordination": ("协同", "coordination"),
    "data": ("数据", "data"),
}
"""The four families, zh and en. Source: requirements KPI-01."""

ONLINE = "online"
"""The measure that is no case's: the register of devices knows it."""


class Read(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file is made of: unknown keys are refused."""


class Target(Read, frozen=True, kw_only=True):
    """What is aimed at from a day on."""

    since: date
    value: float
    source: str


class Formula(Read, frozen=True, kw_only=True):
    """How it is reckoned, in words."""

    zh: str
    en: str


class Indicator(Read, frozen=True, kw_only=True):
    """One indicator."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")]
    family: Literal["efficiency", "service", "coordination", "data"]
    zh: str
    en: str
    formula: Formula
    measure: str
    unit: Literal["ratio", "h"]
    better: Literal["higher", "lower"]
    weight: Annotated[float, Meta(ge=0.0)]
    targets: tuple[Target, ...] = ()

    def target(self, day: date) -> Target | None:
        """Return the target that is in force on a day; None before the first."""
        known = [one for one in self.targets if one.since <= day]
        return max(known, key=lambda one: one.since, default=None)

    def attainment(self, value: float, day: date) -> float | None:
        """Return how far a value reaches the target, 0 to 1; None without one.

        Above the target is 1. A lower-is-better value of twice the target is 0.5.
        """
        target = self.target(day)
        if target is None:
            return None
        if self.better == "higher":
            return min(1.0, value / target.value) if target.value > 0.0 else 1.0
        return min(1.0, target.value / value) if value > 0.0 else 1.0


class _File(Read, frozen=True, kw_only=True):
    indicators: Annotated[tuple[Indicator, ...], Meta(min_length=1)]


def load_indicators(path: Path = INDICATOR_FILE) -> tuple[Indicator, ...]:
    """Return the indicators in a file.

    Raises:
        ConfigError: no valid document, an id twice, an unknown measure; with line and column.
        ProfileError: no indicator has a weight.
    """
    document = load_document(path)
    found = convert(document, _File).indicators
    _check(document, found)
    if not any(one.weight for one in found):
        raise ProfileError(
            f"{path}: no indicator has a weight above 0; give the ones that count one"
        )
    return found


def _check(document: Document, found: Sequence[Indicator]) -> None:
    for number, one in enumerate(found):
        if any(one.id == other.id for other in found[:number]):
            raise document.error(
                ("indicators", number, "id"), f"indicator {one.id!r} is there twice; rename one"
            )
        if one.measure not in MEASURES and one.measure != ONLINE:
            known = ", ".join((*MEASURES, ONLINE))
            raise document.error(
                ("indicators", number, "measure"), f"no measure {one.measure!r}; there is {known}"
            )
