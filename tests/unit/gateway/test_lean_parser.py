"""The shorter way through nats-server's protocol: to the same messages, however the bytes come."""

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

from gateway.intakes.lean_parser import Arrival, LeanParser, cut_out

_PLAIN = b"MSG city.v1.a.b.c.readings 1 $JS.ACK.R.c.1.1.1.1.0 5\r\n12\r\n5\r\n"
_HEADED = b"HMSG city.v1.a.b.c.readings 1 $JS.ACK.R.c.1.2.2.1.0 26 28\r\nNATS/1.0\r\nNmqtt-Pub: 1\r\n\r\nxy\r\n"
_BEAT = b"HMSG inbox 1 $JS.FC.x 31 31\r\nNATS/1.0 100 Idle Heartbeat\r\n\r\n\r\n"
_OTHER = b"MSG elsewhere 2 7\r\nMSG a 1\r\n"
_BARE = b"MSG city.v1.a.b.c.readings 1 0\r\n\r\n"
_LINES = (_PLAIN, _HEADED, _BEAT, _OTHER, _BARE, b"PING\r\n", b"+OK\r\n", b"PONG\r\n")


class _Client:
    """Writes down what a parser tells it."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: bytes | None
    ) -> None:
        self.heard.append((sid, bytes(subject), bytes(reply), data))
        del headers

    async def _process_ping(self) -> None:
        self.heard.append(("ping",))

    async def _process_pong(self) -> None:
        self.heard.append(("pong",))

    async def hand_over(self, number: bytes, messages: list[Arrival]) -> None:
        self.heard += [(int(number), *message) for message in messages]


def _chunks(data: bytes, cuts: list[int]) -> list[bytes]:
    ends = [*sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in zip([0, *ends], ends, strict=False)]


async def _parse(chunks: list[bytes]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    ours, theirs = _Client(), _Client()
    short, plain = LeanParser(ours, {b"1"}, ours.hand_over), Parser(theirs)
    for chunk in chunks:
        await short.parse(chunk)
        await plain.parse(chunk)
    return ours.heard, theirs.heard


@given(
    lines=st.lists(st.sampled_from(_LINES), max_size=12),
    cuts=st.lists(st.integers(0, 10_000), max_size=12),
)
@settings(max_examples=200, deadline=None)
def test_every_message_comes_as_nats_py_brings_it(lines: list[bytes], cuts: list[int]) -> None:
    """Whatever stands between them and wherever the bytes are cut, in the same order."""
    ours, theirs = asyncio.run(_parse(_chunks(b"".join(lines), cuts)))

    assert ours == theirs


def test_messages_of_one_subscription_are_cut_out_together() -> None:
    """Up to the first that is another's, the hub's own, or not whole."""
    found = cut_out(_PLAIN + _HEADED + _PLAIN[:-1], 0, {b"1"})

    assert found[0] == b"1"
    assert [data for _, _, data in found[1]] == [b"12\r\n5", b"xy"]
    assert found[2:] == (len(_PLAIN + _HEADED), True)


@pytest.mark.parametrize("next_line", [_BEAT, _OTHER, _BARE, b"PING\r\n"])
def test_anything_else_ends_the_list(next_line: bytes) -> None:
    """What is behind it has to be handed over behind it."""
    number, messages, at, waits = cut_out(_PLAIN + next_line + _PLAIN, 0, {b"1"})

    assert (number, len(messages), at, waits) == (b"1", 1, len(_PLAIN), False)


def test_a_size_that_is_no_number_ends_the_connection() -> None:
    """As with nats-py: the client closes, and connects anew."""
    client = _Client()
    with pytest.raises(ProtocolError):
        asyncio.run(LeanParser(client, {b"1"}, client.hand_over).parse(b"MSG a 1 r x\r\n\r\n"))
