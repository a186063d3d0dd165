"""Quantities and durations as people write them in a ``quality`` section."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from contracts.errors import UnitError
from contracts.profiles import ProfileField
from contracts.units import UNITS, convert, same_dimension
from rules.durations import parse_duration
from rules.quality.excuse import Excuse
from rules.quality.excuse_compiler import compile_excuse

__all__ = ["Amounts", "Place"]

Place = tuple[str | int, ...]
_QUANTITY: Final = re.compile(r"([+-]?[0-9]+(?:\.[0-9]+)?)\s*(\S*)")
_CADENCES: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) cadence")


class Amounts:
    """Reads the amounts of one field: bare numbers are in its base unit.

    Args:
        field: the field; its unit is the base unit.
        cadence_s: nominal seconds between two readings.
        path: where the section stands in the document.
        error: makes the error for a path of the document.
    """

    def __init__(
        self,
        field: ProfileField,
        cadence_s: float,
        path: Place,
        error: Callable[[Sequence[str | int], str], Exception],
    ) -> None:
        self._field = field
        self._cadence_s = cadence_s
        self._path = path
        self._error = error

    def fault(self, check: str, part: str | None, message: str) -> Exception:
        """Return the error for a part of a check."""
        return self._error((*self._path, check, *(() if part is None else (part,))), message)

    def level(self, parts: Mapping[str, object], check: str, part: str, usual: float) -> float:
        """Return a value of the field, in its base unit; ``usual`` where none is given."""
        if part not in parts:
            return usual
        number, unit = self._split(parts, check, part)
        base = self._field.unit
        return number if unit is None or base is None else convert(number, unit, base)

    def change(
        self, parts: Mapping[str, object], check: str, part: str, usual: float | None = None
    ) -> float:
        """Return a difference between two values, 0 or more; no offset between units counts.

        Raises:
            Exception: what ``error`` makes: none is given and there is no ``usual`` one, or it is
                negative or of another dimension.
        """
        if part not in parts:
            if usual is None:
                raise self.fault(check, None, f"expected {part!r} in it")
            return usual
        number, unit = self._split(parts, check, part)
        if number < 0.0:
            raise self.fault(check, part, f"{parts[part]!r}: expected 0 or more")
        base = self._field.unit
        return (
            number
            if unit is None or base is None
            else number * UNITS[unit].factor / UNITS[base].factor
        )

    def span(self, parts: Mapping[str, object], check: str, part: str) -> tuple[float, float]:
        """Return a span of values ``{min, max}``; an empty one where none is given."""
        given = parts.get(part)
        if given is None:
            return math.inf, -math.inf
        if not isinstance(given, dict) or not given or given.keys() - {"min", "max"}:
            raise self.fault(check, part, "expected a mapping with 'min' and 'max'")
        inner = Amounts(self._field, self._cadence_s, (*self._path, check), self._error)
        return (
            inner.level(given, part, "min", -math.inf),
            inner.level(given, part, "max", math.inf),
        )

    def excuse(self, parts: Mapping[str, object], check: str, part: str) -> Excuse | None:
        """Return what others have to say; None where nothing is given."""
        if part not in parts:
            return None
        return compile_excuse(parts[part], (*self._path, check, part), self._error)

    def seconds(
        self, parts: Mapping[str, object], check: str, part: str, usual: float | None = None
    ) -> float:
        """Return a duration, or a multiple of the cadence (``3 cadence``), in seconds."""
        if part not in parts:
            if usual is None:
                raise self.fault(check, None, f"expected {part!r} in it")
            return usual
        text = parts[part]
        cadences = self.cadences(text)
        if cadences is not None:
            return cadences * self._cadence_s
        try:
            return parse_duration(text)
        except ValueError as failure:
            raise self.fault(check, part, f"{failure}; or a multiple like '3 cadence'") from failure

    def cadences(self, text: object) -> float | None:
        """Return how many cadences a duration is; None where it does not say it in cadences."""
        found = _CADENCES.fullmatch(text) if isinstance(text, str) else None
        return None if found is None else float(found.group(1))

    def _split(
        self, parts: Mapping[str, object], check: str, part: str
    ) -> tuple[float, str | None]:
        given = parts[part]
        if isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given):
            return float(given), None
        found = _QUANTITY.fullmatch(given) if isinstance(given, str) else None
        if found is None:
            raise self.fault(
                check,
                part,
                f"{str(given)[:40]!r}: expected a number, or one with a unit like 30 cm",
            )
        unit = found.group(2)
        base = self._field.unit
        try:
            fits = base is not None and bool(unit) and same_dimension(unit, base)
        except UnitError as failure:
            raise self.fault(check, part, str(failure)) from failure
        if unit and not fits:
            raise self.fault(
                check,
                part,
                f"{given!r} does not fit {self._field.name!r}, which is in {base or 'no unit'}",
            )
        return float(found.group(1)), unit or None
