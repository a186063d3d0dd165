"""What would become of a message: for people who write a mapping."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from contracts.observation import Observation
from contracts.readings import Readings, Value
from gateway.foreign.declaration import DeviceEntry
from gateway.foreign.errors import ForeignRejected, ForeignSkipped
from gateway.foreign.mapping import CompiledMapping
from gateway.foreign.translator import Part, Translator
from gateway.registry import Registry, SubjectRecord
from gateway.samples import SampleMaker

__all__ = ["DryRun", "MappedField", "MappedSample", "dry_run"]


class MappedField(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One value: as the message has it, and as rules would see it."""

    field: str
    value: Value
    unit: str | None = None
    """Unit that the message or the mapping names; the value is in it."""
    rules_see: Value | None = None
    """In the profile's unit; none where the profile does not allow it."""


class MappedSample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one device says at one moment."""

    subject: str
    stream: str
    at: datetime
    place: str
    fields: tuple[MappedField, ...] = ()
    flags: tuple[str, ...] = ()
    observation: Observation | None = None


class DryRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The outcome: ``accepted``, a reason of rejection, or why it was skipped."""

    outcome: str
    detail: str = ""
    samples: tuple[MappedSample, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    unusable_values: tuple[str, ...] = ()
    not_allowed: dict[str, int] = {}
    """Values that the profile does not allow, by flag: out_of_range, wrong_type, wrong_unit."""


def dry_run(
    mapping: CompiledMapping,
    devices: Sequence[DeviceEntry],
    messages: Sequence[tuple[str, bytes]],
    now: datetime,
    *,
    skew_s: float = 300.0,
    late_s: float = 300.0,
) -> list[DryRun]:
    """Return what becomes of messages, in order, as if they had arrived now.

    Args:
        mapping: the mapping.
        devices: registered devices.
        messages: topic and payload of each.
        now: the moment of arrival.
        skew_s: as the gateway is configured.
        late_s: as the gateway is configured.
    """
    translator = Translator(skew_s=skew_s)
    translator.replace([mapping], devices)
    registry = Registry()
    for device in devices:
        record = SubjectRecord(
            district=device.district,
            site=device.site,
            box=device.mapping,
            profile=device.profile,
            place=device.place,
        )
        registry.enlist(device.subject, record)
    arrived_us = round(now.timestamp() * 1_000_000)
    found: list[DryRun] = []
    for topic, payload in messages:
        translator.tally.unknown_fields.clear()
        translator.tally.unusable.clear()
        maker = SampleMaker(registry, skew_s=skew_s, late_s=late_s)
        outcome, detail, samples = "accepted", "", []
        try:
            translated = translator.translate(topic, payload, arrived_us)
        except (ForeignRejected, ForeignSkipped) as error:
            why = error.reason if isinstance(error, ForeignRejected) else error.why
            outcome, detail = why.value, str(error)
        else:
            if translated is None:
                outcome, detail = "bad_topic", f"{topic} matches no filter of the mapping"
            else:
                for part in translated.parts:
                    samples.extend(_samples(part, maker, now.timestamp()))
        found.append(
            DryRun(
                outcome=outcome,
                detail=detail,
                samples=tuple(samples),
                unknown_fields=tuple(name for _, name in translator.tally.unknown_fields),
                unusable_values=tuple(name for _, name in translator.tally.unusable),
                not_allowed={
                    flag: count
                    for flag, count in sorted(maker.counters.items())
                    if flag in {"out_of_range", "wrong_type", "wrong_unit"}
                },
            )
        )
    return found


def _samples(part: Part, maker: SampleMaker, arrived_s: float) -> list[MappedSample]:
    place = f"{part.place.district}/{part.place.site}"
    batch = maker.make(part.message, part.resolved, part.place, arrived_s, 0)
    if isinstance(part.message, Observation):
        return [
            MappedSample(
                subject=part.message.camera,
                stream="observations",
                at=part.message.at,
                place=place,
                observation=part.message,
            )
        ]
    assert isinstance(part.message, Readings)
    return [
        MappedSample(
            subject=reading.subject,
            stream="readings",
            at=datetime.fromtimestamp(sample.at, tz=part.message.at.tzinfo),
            place=place,
            fields=tuple(
                MappedField(
                    field=field,
                    value=value,
                    unit=reading.units.get(field),
                    rules_see=sample.fields.get(field),
                )
                for field, value in reading.values.items()
            ),
            flags=flags,
        )
        for reading, (sample, flags) in zip(part.resolved, batch.samples, strict=True)
    ]
