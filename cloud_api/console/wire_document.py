"""What the pages know of the contracts: messages of the live stream as a document that types are generated from, names."""

import json
from typing import Any

from contracts.profiles import PROFILES
from contracts.schema import message_schema

__all__ = ["MESSAGES", "profile_names", "wire_document"]

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


def profile_names() -> dict[str, str]:
    """Return what each device profile is called in Chinese; its id is English."""
    return {profile.name: profile.name_zh for profile in PROFILES.values()}
