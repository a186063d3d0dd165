"""nats-py's client, which spends more on a message than all the rest of its way to the rules.

For each message it parses headers that an MQTT publisher never wrote, makes an object, puts it on a
queue and wakes a task. A lane needs none of this: it takes what has come by a plain call, and only what
it has no room for goes the client's own way, to wait there.
"""

from collections.abc import Callable
from typing import Any

from nats.aio.client import Client
from nats.aio.subscription import Subscription

__all__ = ["LeanClient", "Take"]

Take = Callable[[str, str, bytes, dict[str, str] | None], bool]
"""Takes subject, reply, data and headers at once; False, and nothing happened: it has no room."""
_STATUS_AT = len(b"NATS/1.0")
_STATUS = ord(" ")
"""What stands there where the hub itself speaks. Source: NATS ADR-4."""


class LeanClient(Client):
    """A client with a short way for some subscriptions; without it everything comes to the same."""

    def __init__(self) -> None:
        super().__init__()
        self._takers: dict[int, Take] = {}
        self.taken = 0
        """Messages that took the short way."""

    def shorten(self, subscription: Subscription, take: Take) -> None:
        """Let the messages of a subscription be taken at once."""
        self._takers[subscription._id] = take  # noqa: SLF001 - the number that _process_msg is given

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: Any
    ) -> None:
        take, subscription = self._takers.get(sid), self._subs.get(sid)
        # nothing overtakes what waits
        if take is not None and subscription is not None and not subscription.pending_msgs:
            said = None
            if headers and headers[_STATUS_AT] == _STATUS:
                said = await self._process_headers(headers)
            if take(subject.decode(), reply.decode(), data, said):
                self.taken += 1
                return
        await super()._process_msg(sid, subject, reply, data, headers)
