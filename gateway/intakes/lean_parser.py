"""A shorter way through nats-server's protocol for the messages of streams.

nats-py matches each message's line against up to seven patterns, takes it off the front of a growing
buffer, and awaits a coroutine for it. Here all messages of a chunk that are of one subscription are cut
out in one pass and handed over together. Everything else, and what the hub itself says between them, goes nats-py's own
way, line by line.
"""

from collections.abc import Awaitable, Callable, Container
from typing import Any

from nats.errors import ProtocolError
from nats.protocol.parser import AWAITING_MSG_PAYLOAD, CRLF_SIZE, Parser

__all__ = ["Arrival", "LeanParser", "cut_out", "is_said_by_hub"]

Arrival = tuple[bytes, bytes, bytes]
"""Subject, reply subject and payload of a message."""
_END = b"\r\n"
_STATUS_AT = len(b"NATS/1.0")
_STATUS = ord(" ")
"""What stands there where the hub itself speaks. Source: NATS ADR-4."""
_PLAIN_WORDS, _HEADED_WORDS = 5, 6


def is_said_by_hub(headers: bytes | None) -> bool:
    """Return whether headers are the hub's own: a heartbeat, flow control, an error."""
    return headers is not None and headers[_STATUS_AT : _STATUS_AT + 1] == b" "


def cut_out(
    data: bytes, start: int, wanted: Container[bytes]
) -> tuple[bytes, list[Arrival], int, bool]:
    """Return the whole messages that ``data`` holds from ``start`` on, all of one wanted subscription.

    Messages without a reply subject, and those in which the hub itself speaks, end the list.

    Args:
        data: bytes from the hub.
        start: where a line begins.
        wanted: numbers of subscriptions.

    Returns:
        The subscription's number, empty where there is no message; the messages; where the first
        byte behind them is; whether a message of that kind begins there whose end is not here yet.

    Raises:
        ValueError: a message's size is no number.
    """
    found: list[Arrival] = []
    number, at, size = b"", start, len(data)
    find = data.find
    while True:
        line_end = find(_END, at)
        if line_end < 0:
            return number, found, at, True
        words = data[at:line_end].split()
        count = len(words)
        if count == _PLAIN_WORDS and words[0] == b"MSG":
            headers = 0
        elif count == _HEADED_WORDS and words[0] == b"HMSG":
            headers = int(words[4])
        else:
            break
        if words[2] != number:
            if number or words[2] not in wanted:
                break
            number = words[2]
        first = line_end + CRLF_SIZE
        end = first + int(words[-1])
        if end + CRLF_SIZE > size:
            return number, found, at, True
        if headers and data[first + _STATUS_AT] == _STATUS:
            break
        found.append((words[1], words[3], data[first + headers : end]))
        at = end + CRLF_SIZE
    return number, found, at, False


class LeanParser(Parser):
    """nats-py's parser with a short way for some subscriptions.

    Args:
        client: the client that everything else is for.
        wanted: numbers of the subscriptions with a short way.
        hand_over: takes such a subscription's number and its next messages.
    """

    def __init__(
        self,
        client: Any,
        wanted: Container[bytes],
        hand_over: Callable[[bytes, list[Arrival]], Awaitable[None]],
    ) -> None:
        super().__init__(client)
        self._wanted = wanted
        self._hand_over = hand_over

    def reset(self) -> None:
        """Forget what came of an earlier connection."""
        super().reset()
        self._rest = b""

    async def parse(self, data: bytes = b"") -> None:
        """Take the next bytes from the hub.

        Raises:
            ProtocolError: they are not what a hub says.
        """
        data, self._rest = self._rest + data, b""
        at, size = 0, len(data)
        while at < size:
            if self.state == AWAITING_MSG_PAYLOAD:
                end = at + self.needed + CRLF_SIZE - len(self.buf)
                await super().parse(data[at:end])
                at = min(end, size)
                continue
            try:
                number, messages, at, waits = cut_out(data, at, self._wanted)
            except ValueError as error:
                raise ProtocolError from error
            if messages:
                await self._hand_over(number, messages)
            elif waits:
                self._rest = data[at:]
                return
            else:
                end = data.find(_END, at) + CRLF_SIZE
                await super().parse(data[at:end])
                at = end
