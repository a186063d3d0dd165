"""readings.v1: a SenML pack (RFC 8428) of sensor values, and its resolution into samples."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated, NamedTuple

from msgspec import Meta, Struct
from msgspec.structs import replace

from contracts.envelope import Envelope
from contracts.errors import MessageError
from contracts.ids import check_id
from contracts.quality import QualityFlag
from contracts.units import UNITS

__all__ = ["Readings", "Record", "SubjectReading", "Value", "moment", "resolve_pack"]

Value = float | bool | str

_ABSOLUTE_TIME_S = float(2**28)
"""SenML times at or above this are seconds since 1970, below it relative. Source: RFC 8428 §4.5.3."""


class Record(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One SenML record. ``bn`` + ``n`` is ``{subject}/{field}``.

    ``profile`` and ``q`` are our extension labels (RFC 8428 §4.4). ``profile`` is the device profile,
    inherited like the base fields, so that a reading says by itself what it is. ``q`` is what the
    box's own quality gate says of this value (3 suspect, 4 fail); absent where all is well.
    """

    bn: str | None = None
    bt: float | None = None
    bu: str | None = None
    profile: str | None = None
    n: str | None = None
    u: str | None = None
    v: float | None = None
    vs: str | None = None
    vb: bool | None = None
    t: float | None = None
    q: QualityFlag | None = None


class Readings(Envelope, frozen=True, kw_only=True, tag="readings.v1", tag_field="type"):
    """A pack of sensor values."""

    records: Annotated[tuple[Record, ...], Meta(min_length=1, max_length=10_000)]


class SubjectReading(Struct, frozen=True):
    """The values of one subject at one moment, resolved from a pack.

    ``at`` is seconds since 1970 UTC; ``units`` holds a field's unit, ``flags`` what the box's quality
    gate said of it, only where the record named one.
    """

    subject: str
    profile: str | None
    at: float
    values: dict[str, Value]
    units: dict[str, str]
    flags: dict[str, QualityFlag] = {}


_NO_UNITS: dict[str, str] = {}
"""The units of a reading that names none; one for all, never changed."""
_NO_FLAGS: dict[str, QualityFlag] = {}
"""The flags of a reading of which all is well; one for all, never changed."""


class _Shape(NamedTuple):
    """What stays the same from one record of a sensor to the next."""

    field: str
    unit: str | None
    profile: str
    units: dict[str, str]
    subject: str


_MOST_KINDS = 1_024
_MOST_SHAPES = 131_072
_shapes: dict[str, _Shape] = {}
"""By base name: shapes of records that were resolved. A memo and no state: without it all comes to
the same, later."""


def _value(record: Record) -> Value:
    given = [value for value in (record.v, record.vs, record.vb) if value is not None]
    if len(given) != 1:
        msg = f"record {record.n!r} has {len(given)} values; expected exactly one of v, vs, vb"
        raise MessageError(msg)
    return given[0]


def _time(base: float | None, relative: float | None, default: float) -> float:
    total = (base or 0.0) + (relative or 0.0)
    return total if total >= _ABSOLUTE_TIME_S else default + total


def resolve_pack(message: Readings) -> list[SubjectReading]:
    """Return a pack's values grouped by subject and moment, in order of appearance.

    Times follow RFC 8428: ``bt + t``, absolute from 2**28 on, else relative to the message's
    ``at``. Values are not converted: the gateway does that against the profile. What is returned
    must not be changed: readings without units share one mapping.

    Raises:
        MessageError: a record without subject or field, without or with several values, with a
            unit nobody knows or a subject that is no legal id.
    """
    default_at = message.at.timestamp()
    alike = _resolve_alike(message.records, default_at)
    if alike is not None:
        return alike
    base_name, base_time, base_unit, profile = "", None, None, None
    groups: dict[tuple[str, float], SubjectReading] = {}
    for record in message.records:
        bn, bt, bu, label = record.bn, record.bt, record.bu, record.profile
        n, v, vs, vb, t = record.n, record.v, record.vs, record.vb, record.t
        if bn is not None:
            base_name = bn
        if bt is not None:
            base_time = bt
        if bu is not None:
            base_unit = bu
        if label is not None:
            profile = label
        if n is None and v is None and vs is None and vb is None:
            continue
        name = base_name if n is None else base_name + n
        subject, slash, field = name.rpartition("/")
        if not slash or not field:
            msg = f"record name {name[:80]!r}: expected subject/field"
            raise MessageError(msg)
        at = default_at if base_time is None and t is None else _time(base_time, t, default_at)
        unit, q = record.u or base_unit, record.q
        if unit is not None and unit not in UNITS:
            msg = f"record {subject}/{field}: unit {unit[:20]!r} is unknown"
            raise MessageError(msg)
        value = v if v is not None and vs is None and vb is None else _value(record)
        key = (subject, at)
        group = groups.get(key)
        if group is None:
            check_id(subject, "subject")
            units = _NO_UNITS if unit is None else {field: unit}
            flags = _NO_FLAGS if q is None else {field: q}
            groups[key] = SubjectReading(subject, profile, at, {field: value}, units, flags)
            _learn(record, base_unit, subject, field)
            continue
        groups[key] = _joined(group, field, value, unit, q)
    return list(groups.values())


def _resolve_alike(records: Sequence[Record], default_at: float) -> list[SubjectReading] | None:
    """Return a pack of sensors with one number each, all known by their shapes; None for any other."""
    found: dict[str, SubjectReading] = {}
    base_time: float | None = None
    at = default_at
    for record in records:
        shape = _shapes.get(record.bn)  # type: ignore[arg-type] # None is the name of no shape
        if shape is None:
            return None
        field, unit, profile, units, subject = shape
        value = record.v
        if (
            value is None
            or record.n != field
            or record.u != unit
            or record.profile != profile
            or record.vs is not None
            or record.vb is not None
            or record.t is not None
            or record.q is not None
            or record.bu is not None
            or subject in found
        ):
            return None
        if record.bt is not None:
            base_time = record.bt
            at = _time(base_time, None, default_at)
        found[subject] = SubjectReading(subject, profile, at, {field: value}, units, _NO_FLAGS)
    return list(found.values())


def _learn(record: Record, base_unit: str | None, subject: str, field: str) -> None:
    """Know the shape of a record that says by itself all that stays the same."""
    base_name, profile, unit = record.bn, record.profile, record.u
    if base_name != f"{subject}/" or record.n != field or profile is None or base_unit is not None:
        return
    if len(_shapes) >= _MOST_SHAPES:
        _shapes.clear()
    _shapes[base_name] = _Shape(*_kind(field, unit, profile), subject)


@lru_cache(maxsize=_MOST_KINDS)
def _kind(
    field: str, unit: str | None, profile: str
) -> tuple[str, str | None, str, dict[str, str]]:
    """Return what sensors of one kind have in common, the same objects for all of them."""
    return field, unit, profile, _NO_UNITS if unit is None else {field: unit}


def _joined(
    group: SubjectReading, field: str, value: Value, unit: str | None, flag: QualityFlag | None
) -> SubjectReading:
    """Return a reading with one more value."""
    group.values[field] = value
    if flag is not None:
        if group.flags is _NO_FLAGS:
            group = replace(group, flags={})
        group.flags[field] = flag
    if unit is not None:
        if group.units is _NO_UNITS:
            group = replace(group, units={})
        group.units[field] = unit
    return group


def moment(at_s: float) -> datetime:
    """Return an aware UTC datetime for seconds since 1970."""
    return datetime.fromtimestamp(at_s, tz=UTC)
