"""Reading documents by a mapping: from whatever another system sends to canonical orders; pure."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, NamedTuple

import msgspec

from cloud_api.orders.cap_alerts import read_alert
from cloud_api.orders.errors import OrderUnread
from cloud_api.orders.mapping import (
    Coordinates,
    ExtensionField,
    ExtensionKind,
    FieldSpec,
    Format,
    OrderMapping,
)
from cloud_api.orders.order import Order, Personal
from contracts.coordinates import bd09_to_wgs84, gcj02_to_wgs84
from contracts.envelope import Place
from contracts.event import Title
from contracts.levels import Level

__all__ = ["ReadOrder", "Unread", "read_orders", "value_at"]

MAX_ORDERS = 5_000
"""Most orders in one document; more are to be sent in several."""

_TITLE = 200
_PICTURES = 20


class ReadOrder(NamedTuple):
    """An order as read, and what it says about people."""

    order: Order
    personal: Personal


class Unread(NamedTuple):
    """An item that is no order, by its place in the document from 0, and why."""

    position: int
    why: str


def read_orders(mapping: OrderMapping, document: bytes) -> tuple[list[ReadOrder], list[Unread]]:
    """Return the orders of a document; an item that cannot be read is named, the others are read.

    Raises:
        OrderUnread: the document itself is not in the mapping's form, or holds too many orders.
    """
    items = _items(mapping, document)
    if len(items) > MAX_ORDERS:
        raise OrderUnread(f"{len(items)} orders; expected at most {MAX_ORDERS}; split them")
    found: list[ReadOrder] = []
    unread: list[Unread] = []
    for position, item in enumerate(items):
        try:
            found.append(_read(mapping, item))
        except (OrderUnread, msgspec.ValidationError) as error:
            unread.append(Unread(position, str(error)))
    return found, unread


def _items(mapping: OrderMapping, document: bytes) -> Sequence[object]:
    if mapping.format is Format.CAP:
        return read_alert(document)
    if mapping.format is Format.CSV:
        try:
            text = document.decode("utf-8-sig")
            return list(csv.DictReader(io.StringIO(text, newline="")))
        except (UnicodeDecodeError, csv.Error) as error:
            raise OrderUnread(f"document: {error}; expected a CSV table in UTF-8") from error
    try:
        data = msgspec.json.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise OrderUnread(f"document: {error}; expected JSON") from error
    if mapping.items is not None:
        data = value_at(data, mapping.items)
        if data is None:
            raise OrderUnread(f"document: nothing at {mapping.items}; expected a list of orders")
    return data if isinstance(data, list) else [data]


def value_at(item: object, path: str) -> object:
    """Return the value at a path like ``a.b.0``; None where there is none."""
    for name in path.split("."):
        if isinstance(item, Mapping):
            item = item.get(name)
        elif isinstance(item, (list, tuple)) and name.isdecimal() and int(name) < len(item):
            item = item[int(name)]
        else:
            return None
    return item


def _text(item: object, spec: FieldSpec | None) -> str:
    """Return a field as text, translated; empty where there is nothing."""
    if spec is None:
        return ""
    value = None if spec.path is None else value_at(item, spec.path)
    text = "" if value is None or isinstance(value, (Mapping, list)) else _plain(value)
    if spec.table:
        text = spec.table.get(text, "")
    if not text and spec.default is not None:
        return _plain(spec.default)
    return text


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).replace("\x00", "").strip()


def _read(mapping: OrderMapping, item: object) -> ReadOrder:
    fields = mapping.fields
    source_id = _needed(_text(item, fields.source_id), "source_id")
    also = tuple(each for each in _text(item, fields.also).split() if each != source_id)
    order = msgspec.convert(
        {
            "source": mapping.mapping,
            "source_id": source_id[:_TITLE],
            "district": _needed(_text(item, fields.district), "district"),
            "event_type": _needed(_text(item, fields.event_type), "event_type"),
            "level": Level(_needed(_text(item, fields.level), "level")),
            "title": Title(
                zh=_needed(_text(item, fields.title_zh), "title_zh")[:_TITLE],
                en=_needed(_text(item, fields.title_en), "title_en")[:_TITLE],
            ),
            "reported_at": _moment(item, fields.reported_at, mapping.utc_offset_minutes),
            "channel": mapping.channel,
            "discovery": mapping.discovery,
            "place": _place(mapping, item),
            "ended": fields.ended is not None and _text(item, fields.ended) in fields.ended.equals,
            "extension": {
                name: _extension(item, name, spec) for name, spec in mapping.extension.items()
            },
            "also": also,
            "media_urls": _media(mapping, item),
            "mapping_version": mapping.version,
        },
        Order,
        from_attributes=True,
    )
    contact = {
        kind: _plain(value)
        for kind, path in mapping.contact.items()
        if (value := value_at(item, path)) not in (None, "")
    }
    personal = Personal(
        text=_text(item, fields.text), address=_text(item, fields.address), contact=contact
    )
    return ReadOrder(order, personal)


def _needed(text: str, name: str) -> str:
    if not text:
        raise OrderUnread(f"{name}: nothing there, and no default; see the mapping")
    return text


def _moment(item: object, spec: FieldSpec, utc_offset_minutes: int) -> datetime:
    text = _needed(_text(item, spec), "reported_at")
    form = spec.time or "iso"
    try:
        if form == "epoch_ms":
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        at = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added below
    except (ValueError, OverflowError, OSError) as error:
        raise OrderUnread(f"reported_at {text[:40]!r}: expected a moment like {form}") from error
    if at.tzinfo is None:
        at = at.replace(tzinfo=timezone(timedelta(minutes=utc_offset_minutes)))
    return at.astimezone(UTC)


def _place(mapping: OrderMapping, item: object) -> Place | None:
    lon_text, lat_text = _text(item, mapping.fields.lon), _text(item, mapping.fields.lat)
    if not lon_text or not lat_text:
        return None
    try:
        lon, lat = float(lon_text), float(lat_text)
    except ValueError as error:
        raise OrderUnread(f"place {lon_text[:20]}, {lat_text[:20]}: expected degrees") from error
    if not (-180.0 <= lon <= 180.0 and -90.0 <= lat <= 90.0):
        raise OrderUnread(f"place {lon}, {lat}: expected degrees, lon before lat")
    if mapping.coordinates is Coordinates.GCJ02:
        lon, lat = gcj02_to_wgs84(lon, lat)
    elif mapping.coordinates is Coordinates.BD09:
        lon, lat = bd09_to_wgs84(lon, lat)
    return Place(lon=round(lon, 7), lat=round(lat, 7))


def _extension(item: object, name: str, spec: ExtensionField) -> str | float | bool | None:
    value = value_at(item, spec.path)
    if value is None or value == "":
        if spec.required:
            raise OrderUnread(f"extension {name}: nothing at {spec.path}, and it is required")
        return None
    text = _plain(value)
    if spec.kind is ExtensionKind.BOOLEAN:
        return text.lower() in {"true", "1", "yes", "是"}
    if spec.kind is ExtensionKind.NUMBER:
        try:
            return float(text)
        except ValueError as error:
            raise OrderUnread(f"extension {name} {text[:40]!r}: expected a number") from error
    return text


def _media(mapping: OrderMapping, item: object) -> tuple[str, ...]:
    found: Any = None if mapping.media is None else value_at(item, mapping.media)
    listed = found if isinstance(found, list) else [found]
    return tuple(
        each
        for each in listed
        if isinstance(each, str) and each.startswith(("http://", "https://"))
    )[:_PICTURES]
