"""GeoReport v2 documents, in JSON and XML.

Source: Open311 GeoReport v2 specification, wiki.open311.org/GeoReport_v2.
"""

import json
import re
from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.responses import Response

__all__ = ["FORMS", "Item", "answer", "errors", "storable_in_xml"]

FORMS = {"json": "application/json; charset=utf-8", "xml": "text/xml; charset=utf-8"}
"""Media type of each form."""

Item = Mapping[str, object]
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def answer(
    form: str, root: str, item: str, items: Sequence[Item], *, status: int = 200, one: bool = False
) -> Response:
    """Return a document.

    Args:
        form: ``json`` or ``xml``.
        root: name of the XML document.
        item: name of each of its elements.
        items: what is in it.
        status: HTTP status.
        one: whether the JSON is the only item itself, and the XML the item without a list.
    """
    if form == "json":
        body = json.dumps(items[0] if one else items, ensure_ascii=False).encode()
    else:
        top = Element(root)
        for each in items:
            _fill(top if one else SubElement(top, item), each)
        body = b'<?xml version="1.0" encoding="utf-8"?>\n' + tostring(top, encoding="utf-8")
    return Response(
        body, status_code=status, media_type=None, headers={"Content-Type": FORMS[form]}
    )


def errors(form: str, status: int, description: str) -> Response:
    """Return an error as GeoReport has it."""
    item = {"code": status, "description": description}
    return answer(form, "errors", "error", [item], status=status)


def _fill(element: Element, item: Item) -> None:
    for name, value in item.items():
        child = SubElement(element, name)
        if isinstance(value, Mapping):
            _fill(child, value)
        elif isinstance(value, (list, tuple)):
            for each in value:
                inner = SubElement(child, name.rstrip("s"))
                if isinstance(each, Mapping):
                    _fill(inner, each)
                else:
                    inner.text = _text(each)
        elif value is not None:
            child.text = _text(value)


def _text(value: object) -> str:
    return storable_in_xml(str(value).lower() if isinstance(value, bool) else str(value))


def storable_in_xml(text: str) -> str:
    """Return a text whose characters XML 1.0 all has; others become U+FFFD."""
    return _NOT_IN_XML.sub("\ufffd", text)
