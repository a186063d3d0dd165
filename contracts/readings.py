"""readings.v1: a SenML pack (RFC 8428) of sensor values, and its resolution into samples."""

from datetime import UTC, datetime
from typing import Annotated

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
    base_name, base_time, base_unit, profile = "", None, None, None
    default_at = message.at.timestamp()
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
            continue
        group.values[field] = value
        if q is not None:
            if group.flags is _NO_FLAGS:
                group = replace(group, flags={})
                groups[key] = group
            group.flags[field] = q
        if unit is not None:
            if group.units is _NO_UNITS:
                group = replace(group, units={})
                groups[key] = group
            group.units[field] = unit
    return list(groups.values())


def moment(at_s: float) -> datetime:
    """Return an aware UTC datetime for seconds since 1970."""
    return datetime.fromtimestamp(at_s, tz=UTC)
