"""nats-py's client, which spends more on a message than all the rest of its way to the rules.

For each message it parses headers that an MQTT publisher never wrote, makes an object, puts it on a
queue and wakes a task. A lane needs none of this: it takes what has come by a plain call, and only what
it has no room for goes the client's own way, to wait there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from nats.aio.client import Client
from nats.aio.subscription import Subscription

from gateway.intakes.lean_parser import Arrival, LeanParser, is_said_by_hub

__all__ = ["LeanClient", "Take", "TakeAll"]

Take = Callable[[str, str, bytes, dict[str, str] | None], bool]
"""Takes subject, reply, data and headers at once; False, and nothing happened: it has no room."""
TakeAll = Callable[[list[Arrival]], int]
"""Takes messages at once; returns how many, the others found no room."""


class _Way(NamedTuple):
    """The short way of one subscription."""

    subscription: Subscription
    take: Take
    take_all: TakeAll


class LeanClient(Client):
    """A client with a short way for some subscriptions; without it everything comes to the same."""

    def __init__(self) -> None:
        super().__init__()
        self._ways: dict[bytes, _Way] = {}
        self._ps = LeanParser(self, self._ways, self._hand_over)
        self.taken = 0
        """Messages that took the short way."""

    def shorten(self, subscription: Subscription, take: Take, take_all: TakeAll) -> None:
        """Let the messages of a subscription be taken at once."""
        number = b"%d" % subscription._id  # noqa: SLF001 - the number that its messages come with
        self._ways[number] = _Way(subscription, take, take_all)

    def lengthen(self, subscription: Subscription) -> None:
        """Let them go the client's own way again."""
        self._ways.pop(b"%d" % subscription._id, None)  # noqa: SLF001 - as above

    async def _hand_over(self, number: bytes, messages: list[Arrival]) -> None:
        subscription, _, take_all = self._ways[number]
        # nothing overtakes what waits
        taken = 0 if subscription.pending_msgs else take_all(messages)
        self.taken += taken
        for subject, reply, data in messages[taken:]:
            await super()._process_msg(int(number), subject, reply, data, b"")

    async def _process_msg(
        self, sid: int, subject: bytes, reply: bytes, data: bytes, headers: Any
    ) -> None:
        way = self._ways.get(b"%d" % sid)
        if way is not None and not way.subscription.pending_msgs:
            said = await self._process_headers(headers) if is_said_by_hub(headers) else None
            if way.take(subject.decode(), reply.decode(), data, said):
                self.taken += 1
                return
        await super()._process_msg(sid, subject, reply, data, headers)
