"""Mappings, checked: from YAML text to what messages are read by, errors with line and column."""

from collections.abc import Mapping as Table
from typing import NamedTuple

from contracts.profiles import PROFILES
from contracts.readings import Value
from contracts.units import UNITS, same_dimension
from gateway.foreign.byte_codec import CompiledCodec, compile_codec
from gateway.foreign.declaration import DeviceEntry, DeviceFile, FieldRule, Format, MappingFile
from gateway.foreign.document_path import Path, parse_path
from runtime.errors import ConfigError
from runtime.topic_filter import check_filter, topic_matches
from runtime.yaml_document import Document, convert, parse_document

__all__ = ["CompiledMapping", "Wanted", "check_unique", "compile_devices", "compile_mapping"]

_CAMERA = "camera"
_OURS = "city/"


class Wanted(NamedTuple):
    """One field that a device's profile takes from the payload."""

    source: str
    target: str
    unit: str | None
    scale: float
    offset: float
    values: Table[str, Value] | None


class CompiledMapping(NamedTuple):
    """A mapping, ready to read messages."""

    id: str
    declared: MappingFile
    device_path: Path | None
    records_path: Path
    values_paths: tuple[Path, ...]
    at_paths: tuple[Path, ...]
    wanted: dict[str, dict[str, tuple[Wanted, ...]]]
    """Fields by profile and by name in the payload."""
    names: frozenset[str]
    """Every name in the payload that is understood."""
    prefixes: tuple[str, ...]
    codecs: tuple[CompiledCodec, ...]

    def takes(self, topic: str) -> bool:
        """Return whether a topic is one of this mapping's."""
        return any(topic_matches(wanted, topic) for wanted in self.declared.topics)

    def ignores(self, topic: str) -> bool:
        """Return whether a topic of this mapping holds no values."""
        return any(topic_matches(unwanted, topic) for unwanted in self.declared.ignore)

    def understands(self, name: str) -> bool:
        """Return whether a name of the payload is a field or known."""
        return name in self.names or name.startswith(self.prefixes)


def _check_topics(document: Document, declared: MappingFile) -> None:
    for key in ("topics", "ignore"):
        for index, text in enumerate(getattr(declared, key)):
            try:
                check_filter(text)
            except ValueError as error:
                raise document.error((key, index), str(error)) from error
            if key == "topics" and (text.startswith((_OURS, "#", "+/#")) or " " in text):
                raise document.error(
                    (key, index),
                    f"filter {text!r} would take in our own topics or cannot be subscribed to "
                    "everywhere; expected one that begins with the foreign system's own level and "
                    "has no space",
                )


def _check_device(document: Document, declared: MappingFile) -> None:
    if declared.format is not Format.JSON:
        return
    given = (declared.device.topic_level is not None) + (declared.device.path is not None)
    expected = 0 if declared.records.by_device else 1
    if given != expected:
        raise document.error(
            ("device",),
            "expected no device rule where records are by_device"
            if expected == 0
            else "expected exactly one of topic_level and path",
        )


def _profiles(document: Document, index: int, rule: FieldRule) -> list[str]:
    """Return the profiles that a field rule is for."""
    if rule.profile is not None and rule.profile not in PROFILES:
        raise document.error(
            ("fields", index, "profile"),
            f"profile {rule.profile!r} is unknown; expected one of {', '.join(PROFILES)}",
        )
    names = [rule.profile] if rule.profile is not None else list(PROFILES)
    having = [name for name in names if PROFILES[name].field(rule.target) is not None]
    if not having:
        fields = sorted({field.name for name in names for field in PROFILES[name].fields})
        raise document.error(
            ("fields", index, "to"),
            f"no profile has a field {rule.target!r}; expected one of {', '.join(fields)}",
        )
    return having


def _check_unit(document: Document, index: int, rule: FieldRule, profiles: list[str]) -> None:
    if rule.unit is None:
        return
    if rule.unit not in UNITS:
        raise document.error(
            ("fields", index, "unit"),
            f"unit {rule.unit!r} is unknown; expected one of {', '.join(UNITS)}",
        )
    for name in profiles:
        field = PROFILES[name].field(rule.target)
        unit = None if field is None else field.unit
        if unit is None or not same_dimension(rule.unit, unit):
            raise document.error(
                ("fields", index, "unit"),
                f"unit {rule.unit!r} does not fit {name}.{rule.target}, which is in {unit!r}",
            )


def compile_mapping(text: str, name: str) -> CompiledMapping:
    """Return the mapping in a YAML text.

    Args:
        text: the YAML.
        name: what it is called in errors.

    Raises:
        ConfigError: with file, line and column of what is wrong.
    """
    document = parse_document(text, name)
    declared = convert(document, MappingFile)
    _check_topics(document, declared)
    _check_device(document, declared)
    wanted: dict[str, dict[str, tuple[Wanted, ...]]] = {}
    for index, rule in enumerate(declared.fields):
        profiles = _profiles(document, index, rule)
        _check_unit(document, index, rule, profiles)
        one = Wanted(rule.source, rule.target, rule.unit, rule.scale, rule.offset, rule.values)
        for profile in profiles:
            table = wanted.setdefault(profile, {})
            table[rule.source] = (*table.get(rule.source, ()), one)
    codecs: list[CompiledCodec] = []
    for index, codec in enumerate(declared.codecs):
        try:
            codecs.append(compile_codec(codec))
        except ValueError as error:
            raise document.error(("codecs", index), str(error)) from error
    return CompiledMapping(
        id=declared.mapping,
        declared=declared,
        device_path=_path(document, ("device", "path"), declared.device.path),
        records_path=_path(document, ("records", "path"), declared.records.path) or (),
        values_paths=tuple(
            _path(document, ("records", "values", index), text) or ()
            for index, text in enumerate(declared.records.values)
        ),
        at_paths=tuple(
            _path(document, ("at", "paths", index), text) or ()
            for index, text in enumerate(declared.at.paths if declared.at else ())
        ),
        wanted=wanted,
        names=frozenset(
            [rule.source for rule in declared.fields]
            + [known for known in declared.known if not known.endswith("*")]
        ),
        prefixes=tuple(known[:-1] for known in declared.known if known.endswith("*")),
        codecs=tuple(codecs),
    )


def _path(document: Document, where: tuple[str | int, ...], text: str | None) -> Path | None:
    if text is None:
        return None
    try:
        return parse_path(text)
    except ValueError as error:
        raise document.error(where, str(error)) from error


def compile_devices(
    text: str, name: str, mappings: Table[str, CompiledMapping]
) -> list[DeviceEntry]:
    """Return the devices in a YAML text, checked against the mappings.

    Raises:
        ConfigError: with file, line and column of what is wrong.
    """
    document = parse_document(text, name)
    devices = convert(document, DeviceFile).devices
    for index, device in enumerate(devices):
        fault = _device_fault(device, mappings)
        if fault is not None:
            raise document.error(("devices", index, fault[0]), fault[1])
    return list(devices)


def _device_fault(
    device: DeviceEntry, mappings: Table[str, CompiledMapping]
) -> tuple[str, str] | None:
    """Return the key that is wrong about a device and why, or None."""
    mapping = mappings.get(device.mapping)
    if mapping is None:
        names = ", ".join(sorted(mappings)) or "none is configured"
        return "mapping", f"mapping {device.mapping!r} is unknown; expected one of {names}"
    frigate = mapping.declared.format is Format.FRIGATE
    if (device.profile == _CAMERA) != frigate:
        return "profile", f"profile {device.profile!r}: frigate speaks for cameras, others do not"
    if not frigate and device.profile not in PROFILES:
        known = ", ".join(PROFILES)
        return "profile", f"profile {device.profile!r} is unknown; expected one of {known}"
    if device.codec is not None and device.codec not in {codec.id for codec in mapping.codecs}:
        known = ", ".join(codec.id for codec in mapping.codecs) or "none"
        return "codec", f"codec {device.codec!r} is not in the mapping; expected one of {known}"
    return None


def check_unique(
    sources: list[tuple[str, str, list[DeviceEntry]]], mappings: list[tuple[str, str]]
) -> None:
    """Raise where a mapping or a device is there twice.

    Args:
        sources: name, text and devices of each device list.
        mappings: name and mapping id of each mapping file.

    Raises:
        ConfigError: at the second of the two.
    """
    owners: dict[str, str] = {}
    for name, mapping in mappings:
        if mapping in owners:
            raise ConfigError(name, 1, 1, f"mapping {mapping!r} is also in {owners[mapping]}")
        owners[mapping] = name
    seen: dict[tuple[str, ...], str] = {}
    for name, text, devices in sources:
        for index, device in enumerate(devices):
            for key, value in (
                ("subject", (device.subject,)),
                ("foreign_id", (device.mapping, device.foreign_id)),
            ):
                if value in seen:
                    raise parse_document(text, name).error(
                        ("devices", index, key),
                        f"{value[-1]!r} is listed twice; also in {seen[value]}",
                    )
                seen[value] = name
