"""What travels on the live stream, as a document that the pages' types are generated from."""

import json
from typing import Any

from contracts.schema import message_schema

__all__ = ["MESSAGES", "wire_document"]

MESSAGES = {"EventMessage": "event.v1"}
"""Messages that the pages read, by the name of their type; the API's own document only names them."""


def wire_document() -> dict[str, Any]:
    """Return an OpenAPI document without paths: the messages' schemas, each definition once."""
    schemas: dict[str, Any] = {}
    for name, message in MESSAGES.items():
        schema = message_schema(message)
        del schema["$schema"]
        schemas |= schema.pop("$defs", {})
        schemas[name] = schema
    document = {
        "openapi": "3.1.0",
        "info": {"title": "cityloop wire", "version": "1"},
        "paths": {},
        "components": {"schemas": schemas},
    }
    text = json.dumps(document).replace("#/$defs/", "#/components/schemas/")
    found: dict[str, Any] = json.loads(text)
    return found
