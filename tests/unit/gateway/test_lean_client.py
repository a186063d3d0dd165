"""The short way of nats-py's messages: at once where there is room, in order where there is none."""

import asyncio

from nats.aio.subscription import Subscription

from gateway.intakes.lean_client import LeanClient
from gateway.intakes.lean_parser import Arrival

_HEARTBEAT = b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 7\r\n\r\n"
_PUBLISHED = b"NATS/1.0\r\nNmqtt-Pub: 1\r\n\r\n"


class _Lane:
    """Takes what comes, as long as it has room."""

    def __init__(self) -> None:
        self.room = True
        self.taken: list[tuple[bytes, str | None]] = []

    def take(self, _subject: str, _reply: str, data: bytes, headers: dict[str, str] | None) -> bool:
        if self.room:
            self.taken.append((data, None if headers is None else headers["Status"]))
        return self.room

    def take_all(self, messages: list[Arrival]) -> int:
        return sum(self.take("", "", data, None) for _, _, data in messages)


async def _deliver(lane: _Lane, *messages: tuple[bytes, bytes]) -> tuple[LeanClient, Subscription]:
    """Let a client hear messages of one subscription; one without room for the second."""
    client = LeanClient()
    subscription = Subscription(client, id=1, subject="inbox")
    client._subs[1] = subscription
    client.shorten(subscription, lane.take, lane.take_all)
    for number, (data, headers) in enumerate(messages):
        lane.room = number != 1
        await client._process_msg(1, b"a.b", b"$JS.ACK.x", data, headers)
    return client, subscription


def test_a_message_is_taken_at_once_whatever_its_publisher_wrote_above_it() -> None:
    """Neither headers are read nor is anything queued."""
    lane = _Lane()
    client, subscription = asyncio.run(_deliver(lane, (b"1", _PUBLISHED)))

    assert lane.taken == [(b"1", None)]
    assert (client.taken, subscription.pending_msgs) == (1, 0)


def test_what_the_hub_says_itself_is_read() -> None:
    """A heartbeat comes with its status."""
    lane = _Lane()
    asyncio.run(_deliver(lane, (b"", _HEARTBEAT)))

    assert lane.taken == [(b"", "100")]


def test_nothing_overtakes_what_waits() -> None:
    """After one message without room the next ones wait behind it, though there is room again."""
    lane = _Lane()
    _, subscription = asyncio.run(_deliver(lane, (b"1", b""), (b"2", b""), (b"3", b"")))

    assert lane.taken == [(b"1", None)]
    assert subscription.pending_msgs == 2


async def _read(lane: _Lane, *chunks: bytes) -> tuple[LeanClient, Subscription]:
    client = LeanClient()
    subscription = Subscription(client, id=1, subject="inbox")
    client._subs[1] = subscription
    client.shorten(subscription, lane.take, lane.take_all)
    for number, chunk in enumerate(chunks):
        lane.room = number != 1
        await client._ps.parse(chunk)
    client.lengthen(subscription)
    await client._ps.parse(b"MSG a.b 1 $JS.ACK.x 1\r\n9\r\n")
    return client, subscription


def test_bytes_from_the_hub_take_the_short_way_too() -> None:
    """What found no room waits, and so does all behind it and all that comes when the way is closed."""
    lane = _Lane()
    line = b"MSG a.b 1 $JS.ACK.x 1\r\n%d\r\n"
    client, subscription = asyncio.run(
        _read(lane, line % 1 + line % 2, line % 3 + line % 4, line % 5)
    )

    assert [data for data, _ in lane.taken] == [b"1", b"2"]
    assert (client.taken, subscription.pending_msgs) == (2, 4)
