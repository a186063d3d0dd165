"""What a mapping file and a device list may say: the Structs behind the YAML."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct, field

from contracts.envelope import Id, Place

__all__ = [
    "ByteValue",
    "Codec",
    "DeviceEntry",
    "DeviceFile",
    "DeviceRule",
    "Episodes",
    "FieldRule",
    "Format",
    "MappingFile",
    "RecordsRule",
    "TimeRule",
    "TimeUnit",
]


class Format(StrEnum):
    """How a payload is encoded."""

    JSON = "json"
    """A JSON document."""
    SPARKPLUG_B = "sparkplug_b"
    """Sparkplug B: protobuf, with births, aliases and sequence numbers."""
    FRIGATE = "frigate"
    """Frigate's tracked objects: before and after; becomes observations."""


class TimeUnit(StrEnum):
    """How a moment is written."""

    S = "s"
    MS = "ms"
    US = "us"
    NS = "ns"
    ISO8601 = "iso8601"


class DeviceRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the foreign id of the device stands; exactly one of the two.

    Not asked where ``records.by_device`` says that the payload is a mapping by device, nor by
    Sparkplug, whose id is ``group/node`` or ``group/node/device``.
    """

    topic_level: Annotated[int, Meta(ge=0, le=63)] | None = None
    """Level of the topic, from 0; default none."""
    path: str | None = None
    """Path in the payload, for example ``deviceInfo.devEui``; default none."""


class RecordsRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the records of a JSON payload are. A list there is taken as several records."""

    path: str = ""
    """Path of the record, the list of records, or the mapping by device; default the whole."""
    by_device: bool = False
    """Whether a mapping from foreign id to record or records stands there; default false."""
    values: tuple[str, ...] = ("",)
    """Paths within a record where values may stand; the first that is an object counts, empty means
    the record itself; default the record itself."""


class TimeRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the moment of a record stands."""

    paths: Annotated[tuple[str, ...], Meta(min_length=1)]
    """Paths within the record, the first that is there counts; required."""
    unit: TimeUnit = field(name="as", default=TimeUnit.ISO8601)
    """``as``: s, ms, us, ns (numbers since 1970 UTC) or iso8601 with an offset; default iso8601."""
    required: bool = False
    """Whether a record without it is rejected as ``bad_clock`` instead of taking the arrival;
    default false."""


class FieldRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One value of the payload and what it is to us: ``value * scale + offset`` in ``unit``."""

    source: str = field(name="from")
    """``from``: its name in the payload; names inside objects are joined by a dot; required."""
    target: str = field(name="to")
    """``to``: the field of the device profile; required."""
    profile: str | None = None
    """Only for devices of this profile; default: of any profile that has the field."""
    unit: str | None = None
    """Unit after scaling; default the profile's, or the one the message names."""
    scale: float = 1.0
    """Factor; default 1."""
    offset: float = 0.0
    """Added after the factor; default 0."""
    values: dict[str, bool | float | str] | None = None
    """Translation of texts and flags, for example ``{OPEN: true, CLOSED: false}``; a value that is
    not in it is counted and left out; default none."""


class ByteValue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One number in a packed payload: ``raw * scale + add``."""

    name: str
    """Name under which fields find it; required."""
    at: Annotated[int, Meta(ge=-255, le=255)]
    """Offset of its first byte; negative counts from the end; required."""
    type: str
    """u8, i8, and u16, i16, u24, i24, u32, i32, u64, i64, f32, f64 with ``le`` or ``be``, for example
    ``u16be``; required."""
    mask: Annotated[int, Meta(ge=1)] | None = None
    """Bits that count, before shifting; default all."""
    shift: Annotated[int, Meta(ge=0, le=63)] = 0
    """Bits to shift right after masking; default 0."""
    flag: bool = False
    """Whether anything but 0 is true; default false: a number."""
    scale: float = 1.0
    """Factor; default 1."""
    add: float = 0.0
    """Added after the factor; default 0."""
    absent: tuple[int, ...] = ()
    """Raw numbers that mean "no value", for example ``[65535]``; default none."""


class Codec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a device packs values into bytes. Nothing is executed: a table of places and types."""

    id: Id
    """Name, for devices to choose; required."""
    path: str = "data"
    """Where in the record the encoded bytes stand; default data."""
    encoding: str = "base64"
    """base64 or hex; default base64."""
    when: dict[str, int | float | str | bool] = {}
    """Paths in the record and what must stand there, for example ``{fPort: 2}``; default always."""
    length: Annotated[int, Meta(ge=1, le=255)] | None = None
    """Bytes that there must be exactly; default: as many as the values need, or more."""
    values: Annotated[tuple[ByteValue, ...], Meta(min_length=1)]
    """The numbers; required."""


class Episodes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How tracked objects of Frigate become observations of presence in a zone."""

    zone_kinds: dict[str, str] = {}
    """Kind of each of its zones, for rules to ask for; default ``zone`` for all."""
    whole_frame: Id | None = None
    """Zone name for objects that are in none of its zones; default none: they are left out."""


class MappingFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mapping: a topic, a format, and what its values are to us."""

    mapping: Id
    """Id; devices name it, and it stands as the box of what comes of it; required."""
    format: Format = Format.JSON
    """json, sparkplug_b or frigate; default json."""
    topics: Annotated[tuple[str, ...], Meta(min_length=1, max_length=16)]
    """MQTT filters to subscribe to; required."""
    ignore: tuple[str, ...] = ()
    """Filters of topics among them that hold no values; default none."""
    device: DeviceRule = DeviceRule()
    """Where the device's foreign id stands."""
    records: RecordsRule = RecordsRule()
    """Where the values stand."""
    at: TimeRule | None = None
    """Where the moment stands; default none: the arrival counts."""
    fields: tuple[FieldRule, ...] = ()
    """The values that are wanted."""
    known: tuple[str, ...] = ()
    """Names that are understood and not wanted: they are not counted as unknown. A name ending in
    ``*`` stands for all that begin so; default none."""
    codecs: tuple[Codec, ...] = ()
    """Byte codecs; default none."""
    episodes: Episodes = Episodes()
    """Only for frigate."""


class DeviceEntry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One registered device of a foreign system."""

    subject: Id
    """Our id of the sensor or camera; required."""
    mapping: Id
    """The mapping it speaks by; required."""
    foreign_id: Annotated[str, Meta(min_length=1, max_length=256)]
    """Its id there, for example a DevEUI; required."""
    profile: str
    """Device profile, or ``camera``; required."""
    district: Id
    """District; required."""
    site: Id
    """Site; required."""
    place: Place | None = None
    """Where it stands, WGS 84; default unknown."""
    priority: Annotated[int, Meta(ge=0, le=9)] | None = None
    """0 sends its messages down the urgent lane 绿色通道; default the profile's."""
    codec: Id | None = None
    """Codec of the mapping to use; default the first whose ``when`` fits."""


class DeviceFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A device list."""

    devices: tuple[DeviceEntry, ...]
    """The devices; required."""
