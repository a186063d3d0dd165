"""docs/messages.md speaks of everything there is."""

from pathlib import Path

import msgspec

from contracts import errors
from contracts.codec import MESSAGE_TYPES
from contracts.envelope import Channel, Envelope
from contracts.schema import CHANNELS

DOC = (Path(__file__).parents[3] / "docs" / "messages.md").read_text(encoding="utf-8")


def missing(names: list[str]) -> list[str]:
    """Return the names that the document does not mention as code."""
    return [name for name in names if f"`{name}`" not in DOC]


def test_every_message_and_its_struct() -> None:
    """Each type tag is listed with the Struct that it is."""
    structs = [f"{struct.__module__}.{struct.__name__}" for struct in MESSAGE_TYPES.values()]

    assert missing([*MESSAGE_TYPES, *structs]) == []


def test_every_topic() -> None:
    """Each topic is in the table, retained where it is."""
    rows = [line for line in DOC.splitlines() if line.startswith("| `city/v1/")]

    for channel in CHANNELS:
        path = "{district}/{site}/{box}" if channel.per_box else "{district}"
        (row,) = [line for line in rows if f"`city/v1/{path}/{channel.kind.value}`" in line]
        assert ("| yes |" in row) == channel.retained
        assert f"| {channel.sender} |" in row


def test_every_envelope_field_channel_and_error() -> None:
    """The envelope's fields, the channels and the error classes are named."""
    fields = [field.name for field in msgspec.structs.fields(Envelope)]
    joint = {"sent_at", "resent"}

    assert missing([name for name in fields if name not in joint]) == []
    assert "`sent_at`, `resent`" in DOC
    assert missing([channel.value for channel in Channel]) == []
    assert missing([name for name in errors.__all__ if name != "ContractError"]) == []
