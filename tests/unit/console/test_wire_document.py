"""What the pages' types of the live stream are generated from."""

import re

import msgspec

from cloud_api.console.wire_document import MESSAGES, wire_document
from contracts.codec import MESSAGE_TYPES


def test_every_definition_is_there_once_and_found() -> None:
    """Each reference leads to a schema of the document, and none to the files of the contracts."""
    document = wire_document()
    text = msgspec.json.encode(document).decode()
    schemas = document["components"]["schemas"]

    assert set(re.findall(r'"\$ref":"([^"]+)"', text)) <= {
        f"#/components/schemas/{name}" for name in schemas
    }
    assert "$defs" not in text


def test_what_is_described_is_what_is_sent() -> None:
    """A message has the fields of its Struct, and those without a default are required."""
    schemas = wire_document()["components"]["schemas"]
    for name, message in MESSAGES.items():
        fields = msgspec.structs.fields(MESSAGE_TYPES[message])
        needed = {field.encode_name for field in fields if field.required}

        assert set(schemas[name]["properties"]) == {"type"} | {f.encode_name for f in fields}
        assert set(schemas[name]["required"]) == {"type"} | needed
