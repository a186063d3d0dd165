"""JSON Schema and AsyncAPI of the wire, made from the Structs, so that they cannot say anything else.

Pure functions: they return documents and their text; ``python -m contracts write`` puts them on disk.
Source: JSON Schema 2020-12; AsyncAPI 3.0.0.
"""

import json
from typing import Any, NamedTuple

import msgspec
import yaml

from contracts.codec import MESSAGE_TYPES
from contracts.topics import PREFIX, Kind

__all__ = ["CHANNELS", "WireChannel", "asyncapi", "generated_files", "message_schema"]

Document = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class WireChannel(NamedTuple):
    """What travels under one kind of topic. ``sender`` is ``box``, ``gateway`` or ``api``."""

    kind: Kind
    per_box: bool
    sender: str
    retained: bool
    messages: tuple[str, ...]
    description: str


_EVERY_READING = ("readings.v1", "tracks.v1", "counts.v1", "observation.v1", "dropped.v1")

CHANNELS: tuple[WireChannel, ...] = (
    WireChannel(
        Kind.READINGS,
        per_box=True,
        sender="box",
        retained=False,
        messages=("readings.v1", "dropped.v1"),
        description="Values of sensors, SenML packs.",
    ),
    WireChannel(
        Kind.TRACKS,
        per_box=True,
        sender="box",
        retained=False,
        messages=("tracks.v1", "dropped.v1"),
        description="Live tracks of one camera, about once a second.",
    ),
    WireChannel(
        Kind.COUNTS,
        per_box=True,
        sender="box",
        retained=False,
        messages=("counts.v1", "dropped.v1"),
        description="Figures per zone and line of one camera, every few seconds.",
    ),
    WireChannel(
        Kind.OBSERVATIONS,
        per_box=True,
        sender="box",
        retained=False,
        messages=("observation.v1", "dropped.v1"),
        description="Episodes that the box derived by itself.",
    ),
    WireChannel(
        Kind.URGENT,
        per_box=True,
        sender="box",
        retained=False,
        messages=_EVERY_READING,
        description="绿色通道: anything whose profile or kind has priority 0, in a lane of its own.",
    ),
    WireChannel(
        Kind.STATUS,
        per_box=True,
        sender="box",
        retained=True,
        messages=("status.v1",),
        description="Birth, heartbeat and last will of the box.",
    ),
    WireChannel(
        Kind.ACK,
        per_box=True,
        sender="gateway",
        retained=False,
        messages=("ack.v1",),
        description="Cumulative acknowledgement after the gateway's journal commit.",
    ),
    WireChannel(
        Kind.CONFIG_DESIRED,
        per_box=True,
        sender="gateway",
        retained=True,
        messages=("config.desired.v1",),
        description="The configuration that the box should run.",
    ),
    WireChannel(
        Kind.CONFIG_REPORTED,
        per_box=True,
        sender="box",
        retained=True,
        messages=("config.reported.v1",),
        description="The configuration that the box does run.",
    ),
    WireChannel(
        Kind.COMMAND,
        per_box=True,
        sender="gateway",
        retained=False,
        messages=("command.v1",),
        description="An order to the box.",
    ),
    WireChannel(
        Kind.COMMAND_RESULT,
        per_box=True,
        sender="box",
        retained=False,
        messages=("result.v1",),
        description="What became of an order.",
    ),
    WireChannel(
        Kind.EVENTS,
        per_box=False,
        sender="gateway",
        retained=False,
        messages=("event.v1",),
        description="Events for local sirens, signs and subscribers; best effort.",
    ),
    WireChannel(
        Kind.CONTROL,
        per_box=False,
        sender="api",
        retained=False,
        messages=("control.v1",),
        description="Acknowledge, shelve and mode 平/急, down to the gateways of a district.",
    ),
)
"""Every kind of topic, what travels there and who sends it. Source: architecture §4."""


def message_schema(name: str) -> Document:
    """Return the JSON Schema of one message type, complete in itself.

    Args:
        name: a type tag, like ``readings.v1``.

    Raises:
        KeyError: no message has this tag.
    """
    struct = MESSAGE_TYPES[name]
    (reference,), components = msgspec.json.schema_components(
        (struct,), ref_template="#/$defs/{name}"
    )
    own = reference["$ref"].rpartition("/")[2]
    root = components.pop(own)
    schema: Document = {"$schema": _DIALECT, **root, "title": name}
    if components:
        schema["$defs"] = dict(sorted(components.items()))
    return schema


def _address(channel: WireChannel) -> str:
    path = "{district}/{site}/{box}" if channel.per_box else "{district}"
    return f"{PREFIX}/{path}/{channel.kind.value}"


def _parameters(channel: WireChannel) -> Document:
    named = {
        "district": "District, an id.",
        "site": "Site within the district, an id.",
        "box": "Identity of the box that speaks or is spoken to.",
    }
    wanted = ("district", "site", "box") if channel.per_box else ("district",)
    return {name: {"description": f"{named[name]} Matches [a-z0-9-]{{1,64}}."} for name in wanted}


def asyncapi(version: str) -> Document:
    """Return the AsyncAPI 3.0 document of all topics; payloads refer to the schema files beside it.

    Args:
        version: version of the document, that of the wire (``1`` in ``city/v1``).
    """
    channels: Document = {}
    operations: Document = {}
    for channel in CHANNELS:
        name = channel.kind.name.lower()
        channels[name] = {
            "address": _address(channel),
            "description": channel.description,
            "parameters": _parameters(channel),
            "messages": {
                message: {"$ref": f"#/components/messages/{message}"}
                for message in channel.messages
            },
            "bindings": {"mqtt": {"bindingVersion": "0.2.0"}},
        }
        operations[f"{channel.sender}_sends_{name}"] = {
            "action": "send",
            "channel": {"$ref": f"#/channels/{name}"},
            "summary": f"The {channel.sender} publishes here, QoS 1"
            + (", retained." if channel.retained else "."),
            "bindings": {"mqtt": {"qos": 1, "retain": channel.retained, "bindingVersion": "0.2.0"}},
        }
    messages = {
        name: {
            "name": name,
            "contentType": "application/json",
            "payload": {"$ref": f"./schemas/{name}.json"},
        }
        for name in MESSAGE_TYPES
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "cityloop wire",
            "version": version,
            "description": "What boxes, gateways and the case API say to each other over MQTT 3.1.1.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def generated_files() -> dict[str, str]:
    """Return every generated file: path relative to the package, and its text."""
    files = {
        f"schemas/{name}.json": json.dumps(message_schema(name), indent=2, ensure_ascii=False)
        + "\n"
        for name in MESSAGE_TYPES
    }
    files["asyncapi.yaml"] = "# Generated by `python -m contracts write`.\n" + yaml.safe_dump(
        asyncapi("1.0.0"), sort_keys=False, allow_unicode=True, width=100
    )
    return files
