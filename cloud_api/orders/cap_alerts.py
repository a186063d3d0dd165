"""CAP 1.2 alerts that come in: XML read without entities, into plain data for a mapping.

Source: OASIS, "Common Alerting Protocol Version 1.2", 2010-07-01, §3.2.
"""

from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from cloud_api.orders.errors import OrderUnread

__all__ = ["CAP_NAMESPACE", "read_alert"]

CAP_NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
_PASSED_ON = frozenset({"Actual"})
"""Statuses that are acted on: exercises, tests and drafts are not."""

_KINDS = frozenset({"Alert", "Update", "Cancel"})


def read_alert(document: bytes) -> list[object]:
    """Return one item for each area of an alert; none where it is an exercise, a test or a receipt.

    An item has ``id`` (the identifier, and ``#n`` for areas after the first), ``earlier`` (identifiers
    of messages that it updates or cancels, with the same ``#n``), ``cancelled``, ``sent``, ``sender``, and
    of the chosen ``info``: ``event``, ``urgency``, ``severity``, ``certainty``, ``onset``, ``expires``,
    ``headline``, ``description``, ``instruction``, ``codes`` (by value name), ``colour``; and of its
    ``area``: ``area``, ``geocodes`` (by value name), ``lon`` and ``lat`` of a circle's or polygon's
    middle.

    Raises:
        OrderUnread: it is no CAP 1.2 alert, or lacks what every alert has.
    """
    try:
        root = fromstring(document, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise OrderUnread(
            f"document: {type(error).__name__}: {str(error)[:200]}; expected a CAP 1.2 alert"
        ) from error
    if root.tag != f"{{{CAP_NAMESPACE}}}alert":
        raise OrderUnread(f"document: root {root.tag[:100]!r}; expected alert of {CAP_NAMESPACE}")
    alert = {name: _child(root, name) for name in ("identifier", "sender", "sent", "status")}
    lacking = sorted(name for name, value in alert.items() if not value)
    if lacking:
        raise OrderUnread(f"alert: no {lacking[0]}; CAP 1.2 demands it")
    kind = _child(root, "msgType")
    if alert["status"] not in _PASSED_ON or kind not in _KINDS:
        return []
    earlier = [each.split(",")[1] for each in _child(root, "references").split() if "," in each]
    infos = root.findall(f"{{{CAP_NAMESPACE}}}info")
    if not infos:
        raise OrderUnread(f"alert {alert['identifier']}: no info; there is nothing to warn of")
    info = next((each for each in infos if _child(each, "language").startswith("zh")), infos[0])
    areas: list[Element | None] = [*info.findall(f"{{{CAP_NAMESPACE}}}area")] or [None]
    return [
        _item(alert, info, area, number, earlier, cancelled=kind == "Cancel")
        for number, area in enumerate(areas)
    ]


def _item(
    alert: dict[str, str],
    info: Element,
    area: Element | None,
    number: int,
    earlier: list[str],
    *,
    cancelled: bool,
) -> dict[str, object]:
    mark = f"#{number}" if number else ""
    names = [
        "event",
        "urgency",
        "severity",
        "certainty",
        "onset",
        "effective",
        "expires",
        "headline",
        "description",
        "instruction",
    ]
    item: dict[str, object] = {name: _child(info, name) for name in names}
    item |= {
        "id": alert["identifier"] + mark,
        "earlier": " ".join(each + mark for each in earlier),
        "cancelled": cancelled,
        "sent": alert["sent"],
        "sender": alert["sender"],
        "codes": _pairs(info, "eventCode") | _pairs(info, "parameter"),
    }
    if area is not None:
        lon, lat = _middle(area)
        item |= {
            "area": _child(area, "areaDesc"),
            "geocodes": _pairs(area, "geocode"),
            "lon": lon,
            "lat": lat,
        }
    return item


def _child(element: Element, name: str) -> str:
    return (element.findtext(f"{{{CAP_NAMESPACE}}}{name}") or "").strip()


def _pairs(element: Element, name: str) -> dict[str, str]:
    return {
        _child(pair, "valueName"): _child(pair, "value")
        for pair in element.findall(f"{{{CAP_NAMESPACE}}}{name}")
    }


def _middle(area: Element) -> tuple[float | None, float | None]:
    """Return lon and lat of the middle of the first circle or polygon; CAP writes lat before lon."""
    circle, polygon = _child(area, "circle"), _child(area, "polygon")
    texts = circle.split()[:1] or polygon.split()
    try:
        points = [tuple(float(part) for part in text.split(",")) for text in texts]
        lats, lons = [point[0] for point in points], [point[1] for point in points]
    except (ValueError, IndexError) as error:
        raise OrderUnread(f"area: {circle or polygon[:60]!r}: expected lat,lon pairs") from error
    if not points:
        return None, None
    return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2
