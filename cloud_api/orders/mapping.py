"""Mappings: which field of a foreign order is which field of ours, as data."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from cloud_api.orders.errors import MappingError
from contracts.envelope import Discovery, Id
from runtime.yaml_document import convert, load_document

__all__ = [
    "MAPPING_FOLDER",
    "Coordinates",
    "ExtensionField",
    "ExtensionKind",
    "FieldSpec",
    "Fields",
    "Format",
    "Golden",
    "OrderMapping",
    "load_mapping",
    "mapping_path",
]

MAPPING_FOLDER = Path(__file__).parent / "mappings"


class Format(StrEnum):
    """In which form documents come."""

    JSON = "json"
    """One object, or a list of them."""
    CSV = "csv"
    """UTF-8 with a header; each line is an order."""
    CAP = "cap"
    """One CAP 1.2 alert (XML); each ``info`` in Chinese, else the first, is an order."""


class Coordinates(StrEnum):
    """In which system a source gives places."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    """火星坐标系, of most maps of mainland China."""
    BD09 = "bd09"
    """百度坐标系."""


class FieldSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a value comes from: the first of path, then default; a table translates it."""

    path: str | None = None
    """Names of fields from outside in, ``a.b``; a number picks from a list. Default none."""
    default: str | float | bool | None = None
    """Value where there is none. Default none."""
    table: dict[str, str] = {}
    """Translation of the value; what it lacks becomes ``default``. Default: as it is."""
    time: str | None = None
    """Form of a moment for ``strptime``, ``iso``, or ``epoch_ms``. Default ``iso``."""
    equals: tuple[str, ...] = ()
    """For yes or no: the values that mean yes. Default: none does."""


class ExtensionKind(StrEnum):
    """What a field of the extension form holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"


class ExtensionField(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One field of the extension form 扩展表单."""

    path: str
    """Where it comes from. No default."""
    zh: str
    """Its Chinese name. No default."""
    en: str
    """Its English name. No default."""
    kind: ExtensionKind = ExtensionKind.TEXT
    """What it holds. Default text."""
    required: bool = False
    """Whether an order without it is refused. Default false."""


class Fields(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of the canonical order."""

    source_id: FieldSpec
    """The order's id in the source. No default."""
    district: FieldSpec
    """District. No default."""
    event_type: FieldSpec
    """Event type. No default."""
    level: FieldSpec
    """Level: blue, yellow or red, by a table of the source's own levels. No default."""
    title_zh: FieldSpec
    """Chinese title; it is public, so take a category, not what somebody wrote. No default."""
    title_en: FieldSpec
    """English title, likewise. No default."""
    reported_at: FieldSpec
    """When it was reported. No default."""
    lon: FieldSpec | None = None
    """Longitude. Default none."""
    lat: FieldSpec | None = None
    """Latitude. Default none."""
    text: FieldSpec | None = None
    """What was written; sealed. Default none."""
    address: FieldSpec | None = None
    """Address; sealed. Default none."""
    ended: FieldSpec | None = None
    """Whether the source says that it is over. Default: never."""
    also: FieldSpec | None = None
    """Earlier ids of the same matter, separated by spaces. Default none."""


class Golden(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A message, and what has to come out of it."""

    name: str
    """What it shows. No default."""
    document: str
    """The document as it would come. No default."""
    expect: tuple[dict[str, Any], ...]
    """Fields of each order that have to come out, by name; ``personal.text`` for sealed ones. No default."""


class OrderMapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the orders of one system become ours."""

    mapping: Id
    """Name, and the source of its orders. No default."""
    version: str
    """Version, noted with each order. No default."""
    zh: str
    """The system's Chinese name. No default."""
    en: str
    """The system's English name. No default."""
    what: str
    """What the mapping is and is not: whose form, who has checked it. No default."""
    format: Format = Format.JSON
    """Form of the documents. Default json."""
    items: str | None = None
    """Path to the list of orders in a JSON document. Default: the document."""
    channel: str = "system"
    """How the report came to the source, like ``phone``. Default system."""
    discovery: Discovery = Discovery.PASSIVE
    """passive: people reported it; active: officers found it; automatic: a machine did. Default passive."""
    coordinates: Coordinates = Coordinates.WGS84
    """System of the places. Default wgs84."""
    utc_offset_minutes: Annotated[int, Meta(ge=-840, le=840)] = 480
    """Minutes east of UTC of moments without a zone. Default 480."""
    fields: Fields
    """The canonical order. No default."""
    extension: dict[str, ExtensionField] = {}
    """The extension form. Default empty."""
    contact: dict[str, str] = {}
    """Path of each kind of contact, like ``phone``; sealed. Default none."""
    media: str | None = None
    """Path of a list of addresses of pictures. Default none."""
    emergency_levels: tuple[str, ...] = ()
    """Levels at which the district goes over to emergency operation 急. Default: never."""
    golden: Annotated[tuple[Golden, ...], Meta(min_length=1)]
    """Messages that prove the mapping. No default."""


def mapping_path(name: str) -> Path:
    """Return the file of a mapping: one that ships, or a path.

    Raises:
        MappingError: there is no such file.
    """
    for path in (MAPPING_FOLDER / f"{name}.yaml", Path(name)):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in MAPPING_FOLDER.glob("*.yaml")))
    raise MappingError(f"mapping {name!r}: expected one of {known}, or the path of a file")


def load_mapping(path: Path) -> OrderMapping:
    """Return the mapping in a file; its golden messages are checked by ``golden.check_mapping``.

    Raises:
        ConfigError: the file is no valid document.
        MappingError: a table translates a level to something else than a level.
    """
    mapping = convert(load_document(path), OrderMapping)
    wrong = sorted(set(mapping.fields.level.table.values()) - {"blue", "yellow", "red"})
    if wrong:
        raise MappingError(f"{path}: fields.level.table: {wrong[0]!r}; expected blue, yellow, red")
    if (mapping.fields.lon is None) != (mapping.fields.lat is None):
        raise MappingError(f"{path}: fields: give both lon and lat, or neither")
    return mapping
