"""Packs of sensors that report as ever: one number each, and nothing but the number is new.

Nearly all readings of a city are such. What stays the same from one record of a sensor to the next is
its *shape*; a pack whose shapes are all known is kept in columns, and single readings are made only
for who asks for them.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, overload

from contracts.subject_reading import NO_FLAGS, NO_UNITS, SubjectReading, absolute_time

if TYPE_CHECKING:
    from contracts.readings import Record

__all__ = ["AlikePack", "SensorShape", "learn_shape", "resolve_alike"]

_MOST_KINDS = 1_024
_MOST_SHAPES = 131_072


class SensorShape:
    """What stays the same from one record of a sensor to the next; never changed.

    Attributes:
        subject: the sensor.
        profile: its device profile.
        field: the one field that it reports.
        unit: the unit that its records name; None: they name none.
        units: the same as readings have it.
    """

    __slots__ = ("field", "profile", "subject", "unit", "units")

    def __init__(
        self, subject: str, profile: str, field: str, unit: str | None, units: dict[str, str]
    ) -> None:
        self.subject = subject
        self.profile = profile
        self.field = field
        self.unit = unit
        self.units = units


class AlikePack(Sequence[SubjectReading]):
    """The readings of a pack in columns, which equal in length; in order of appearance.

    Args:
        shapes: whose readings they are, each at most once.
        numbers: their values, in the unit that the record named.
        ats: their times, seconds since 1970.
    """

    __slots__ = ("ats", "numbers", "shapes")

    def __init__(self, shapes: list[SensorShape], numbers: list[float], ats: list[float]) -> None:
        self.shapes = shapes
        self.numbers = numbers
        self.ats = ats

    def __len__(self) -> int:
        """Return how many readings there are."""
        return len(self.shapes)

    @overload
    def __getitem__(self, index: int, /) -> SubjectReading: ...

    @overload
    def __getitem__(self, index: slice, /) -> list[SubjectReading]: ...

    def __getitem__(self, index: int | slice, /) -> SubjectReading | list[SubjectReading]:
        """Return one reading, or several."""
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        shape, number, at = self.shapes[index], self.numbers[index], self.ats[index]
        return SubjectReading(
            shape.subject, shape.profile, at, {shape.field: number}, shape.units, NO_FLAGS
        )


_shapes: dict[str | None, SensorShape] = {}
"""By base name: shapes of records that were resolved. A memo and no state: without it all comes to
the same, later."""


def resolve_alike(records: Sequence["Record"], default_at: float) -> AlikePack | None:
    """Return a pack of sensors with one number each, all known by their shapes; None for any other.

    Args:
        records: the records of a pack.
        default_at: what relative times are relative to, seconds since 1970.
    """
    shapes: list[SensorShape] = []
    numbers: list[float] = []
    ats: list[float] = []
    base_time: float | None = None
    at, known = default_at, _shapes.get
    for record in records:
        shape, number = known(record.bn), record.v
        if (
            shape is None
            or number is None
            or record.n != shape.field
            or record.u != shape.unit
            or record.profile != shape.profile
            or record.vs is not None
            or record.vb is not None
            or record.t is not None
            or record.q is not None
            or record.bu is not None
        ):
            return None
        if record.bt is not None:
            base_time = record.bt
            at = absolute_time(base_time, None, default_at)
        shapes.append(shape)
        numbers.append(number)
        ats.append(at)
    return AlikePack(shapes, numbers, ats) if len(set(shapes)) == len(shapes) else None


def learn_shape(record: "Record", base_unit: str | None, subject: str, field: str) -> None:
    """Know the shape of a record that says by itself all that stays the same.

    Args:
        record: a record that was resolved.
        base_unit: the base unit in force; None: there is none.
        subject: whose it is.
        field: which of its values.
    """
    base_name, profile, unit = record.bn, record.profile, record.u
    if base_name != f"{subject}/" or record.n != field or profile is None or base_unit is not None:
        return
    if len(_shapes) >= _MOST_SHAPES:
        _shapes.clear()
    _shapes[base_name] = SensorShape(subject, *_kind(profile, field, unit))


@lru_cache(maxsize=_MOST_KINDS)
def _kind(
    profile: str, field: str, unit: str | None
) -> tuple[str, str, str | None, dict[str, str]]:
    """Return what sensors of one kind have in common, the same objects for all of them."""
    return profile, field, unit, NO_UNITS if unit is None else {field: unit}
