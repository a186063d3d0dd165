"""An event as a CAP 1.2 alert.

Source: OASIS, "Common Alerting Protocol Version 1.2", 2010-07-01, §3.2.
"""

from collections.abc import Sequence
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from cloud_api.open311.rendering import storable_in_xml
from cloud_api.orders.cap_alerts import CAP_NAMESPACE
from contracts.event import Event, EventPhase
from contracts.levels import Level

__all__ = ["cap_alert"]

_SEVERITY = {Level.RED: "Severe", Level.YELLOW: "Moderate", Level.BLUE: "Minor"}
"""Three levels on CAP's scale; Extreme is left to those who warn of catastrophes. This project's choice."""

_URGENCY = {Level.RED: "Immediate", Level.YELLOW: "Expected", Level.BLUE: "Future"}

_CATEGORY = {
    "fire": "Fire",
    "gas": "CBRNE",
    "weather": "Met",
    "water": "Met",
    "traffic": "Transport",
    "parking": "Transport",
    "road": "Infra",
    "structure": "Infra",
    "air": "Env",
    "noise": "Env",
    "sanitation": "Env",
}
"""CAP's categories by the first word of the event type; others are Safety."""

_DEFAULT_RADIUS_KM = 0.1
"""Radius of the area where an event says nothing about its accuracy. This project's choice."""


def cap_alert(
    event: Event, earlier: Sequence[tuple[Event, datetime]], *, sender: str, sent: datetime
) -> bytes:
    """Return an event as an alert: Alert at first, then Update, Cancel at its end.

    Args:
        event: the newest revision.
        earlier: the revisions before it and when they came in, oldest first; they are referenced.
        sender: who warns, as CAP's ``sender``: no spaces, commas or ``<`` and ``&``.
        sent: when this revision came in.
    """
    alert = Element("alert", {"xmlns": CAP_NAMESPACE})
    kind = "Update" if earlier else "Alert"
    _add(alert, "identifier", f"{event.event_id}.{event.rev}")
    _add(alert, "sender", sender)
    _add(alert, "sent", _moment(sent))
    _add(alert, "status", "Actual")
    _add(alert, "msgType", "Cancel" if event.phase is EventPhase.END and earlier else kind)
    _add(alert, "scope", "Public")
    if earlier:
        references = " ".join(
            f"{sender},{each.event_id}.{each.rev},{_moment(at)}" for each, at in earlier
        )
        _add(alert, "references", references)
    for language, title in (("zh-CN", event.title.zh), ("en-US", event.title.en)):
        _info(alert, event, language, title)
    indent(alert)
    body: bytes = tostring(alert, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body + b"\n"


def _info(alert: Element, event: Event, language: str, title: str) -> None:
    info = SubElement(alert, "info")
    _add(info, "language", language)
    _add(info, "category", _CATEGORY.get(event.event_type.split(".")[0], "Safety"))
    _add(info, "event", title)
    ended = event.phase is EventPhase.END
    _add(info, "urgency", "Past" if ended else _URGENCY[event.level])
    _add(info, "severity", _SEVERITY[event.level])
    _add(info, "certainty", "Observed")
    code = SubElement(info, "eventCode")
    _add(code, "valueName", "cityloop:event_type")
    _add(code, "value", event.event_type)
    _add(info, "onset", _moment(event.onset_at))
    _add(info, "headline", title[:160])
    _add(info, "description", event.cause.expression)
    for name, value in (("level", event.level.value), ("discovery", event.discovery.value)):
        parameter = SubElement(info, "parameter")
        _add(parameter, "valueName", f"cityloop:{name}")
        _add(parameter, "value", value)
    area = SubElement(info, "area")
    _add(area, "areaDesc", event.district)
    place = event.place
    if place is None:
        return
    radius_km = place.accuracy_m / 1000 if place.accuracy_m > 0 else _DEFAULT_RADIUS_KM
    _add(area, "circle", f"{place.lat},{place.lon} {radius_km:g}")
    if place.grid:
        geocode = SubElement(area, "geocode")
        _add(geocode, "valueName", "cityloop:grid")
        _add(geocode, "value", place.grid)


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = storable_in_xml(text)


def _moment(at: datetime) -> str:
    """Return a moment as CAP has it: no fractions, and -00:00 for UTC."""
    return at.strftime("%Y-%m-%dT%H:%M:%S-00:00")
