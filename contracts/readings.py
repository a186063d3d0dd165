"""readings.v1: a SenML pack (RFC 8428) of sensor values, and its resolution into samples."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from contracts.alike_pack import learn_shape, resolve_alike
from contracts.envelope import Envelope
from contracts.errors import MessageError
from contracts.ids import check_id
from contracts.quality import QualityFlag
from contracts.subject_reading import (
    NO_FLAGS,
    NO_UNITS,
    SubjectReading,
    Value,
    absolute_time,
)
from contracts.units import UNITS

__all__ = ["Readings", "Record", "SubjectReading", "Value", "moment", "resolve_pack"]


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


def _value(record: Record) -> Value:
    given = [value for value in (record.v, record.vs, record.vb) if value is not None]
    if len(given) != 1:
        msg = f"record {record.n!r} has {len(given)} values; expected exactly one of v, vs, vb"
        raise MessageError(msg)
    return given[0]


def resolve_pack(message: Readings) -> Sequence[SubjectReading]:
    """Return a pack's values grouped by subject and moment, in order of appearance.

    Times follow RFC 8428: ``bt + t``, absolute from 2**28 on, else relative to the message's
    ``at``. Values are not converted: the gateway does that against the profile. What is returned
    must not be changed: readings without units share one mapping.

    Raises:
        MessageError: a record without subject or field, without or with several values, with a
            unit nobody knows or a subject that is no legal id.
    """
    default_at = message.at.timestamp()
    alike = resolve_alike(message.records, default_at)
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
        at = (
            default_at
            if base_time is None and t is None
            else absolute_time(base_time, t, default_at)
        )
        unit, q = record.u or base_unit, record.q
        if unit is not None and unit not in UNITS:
            msg = f"record {subject}/{field}: unit {unit[:20]!r} is unknown"
            raise MessageError(msg)
        value = v if v is not None and vs is None and vb is None else _value(record)
        key = (subject, at)
        group = groups.get(key)
        if group is None:
            check_id(subject, "subject")
            units = NO_UNITS if unit is None else {field: unit}
            flags = NO_FLAGS if q is None else {field: q}
            groups[key] = SubjectReading(subject, profile, at, {field: value}, units, flags)
            learn_shape(record, base_unit, subject, field)
            continue
        groups[key] = _joined(group, field, value, unit, q)
    return list(groups.values())


def _joined(
    group: SubjectReading, field: str, value: Value, unit: str | None, flag: QualityFlag | None
) -> SubjectReading:
    """Return a reading with one more value."""
    group.values[field] = value
    if flag is not None:
        if group.flags is NO_FLAGS:
            group = replace(group, flags={})
        group.flags[field] = flag
    if unit is not None:
        if group.units is NO_UNITS:
            group = replace(group, units={})
        group.units[field] = unit
    return group


def moment(at_s: float) -> datetime:
    """Return an aware UTC datetime for seconds since 1970."""
    return datetime.fromtimestamp(at_s, tz=UTC)
