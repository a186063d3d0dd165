"""Several lanes as one intake: the urgent one is emptied first, the others take turns."""

from collections.abc import Callable, Sequence
from threading import Event

from gateway.intakes.session_lane import SessionLane
from gateway.ports import Lane
from runtime.session import Inbound

__all__ = ["IntakeLanes"]


class IntakeLanes:
    """The lanes of one gateway.

    Args:
        urgent: lanes that come first, whatever waits in the others.
        others: lanes that share what room is left.
        happened: set when something came in on any lane; or what waits for that, for so many
            seconds at most.
        ordinary: the lane that topics of other systems come in on.
        green: the lane that their urgent ones come in on; None: there is but one way.
    """

    def __init__(
        self,
        urgent: Sequence[Lane],
        others: Sequence[Lane],
        happened: Event | Callable[[float], None],
        *,
        ordinary: SessionLane,
        green: SessionLane | None = None,
    ) -> None:
        self.lanes = (*urgent, *others)
        self._urgent = tuple(urgent)
        self._others = list(others)
        self._happened = happened
        self._ordinary = ordinary
        self._green = green

    @property
    def in_force(self) -> bool:
        """Whether the hub has confirmed all that any lane asks for."""
        return all(lane.in_force for lane in self.lanes)

    @property
    def held(self) -> int:
        """Messages that came from the hub and are not settled."""
        return sum(lane.held for lane in self.lanes)

    @property
    def forbidden_subscriptions(self) -> int:
        """Subscriptions that the hub refused."""
        return sum(lane.counters.get("forbidden_subscriptions", 0) for lane in self.lanes)

    def listen(self, topic_filter: str, *, urgent: bool) -> None:
        """Ask for topics of another system, on the urgent way where there is one, and only there."""
        if self._green is None:
            self._ordinary.listen(topic_filter)
            return
        here, there = self._ordinary, self._green
        if urgent:
            here, there = there, here
        there.leave(topic_filter)
        here.listen(topic_filter)

    def start(self) -> None:
        """Begin to connect every lane."""
        for lane in self.lanes:
            lane.start()

    def receive(self, limit: int) -> list[Inbound]:
        """Return the next messages: all that is urgent, then a share of each other lane."""
        taken: list[Inbound] = []
        for lane in self._urgent:
            taken += lane.receive(limit - len(taken))
        # the first in turn gets what the others leave, and is the last the next time
        for place, lane in enumerate(self._others):
            left = limit - len(taken)
            if left <= 0:
                break
            share = -(-left // (len(self._others) - place))
            taken += lane.receive(share)
        left = limit - len(taken)
        if left > 0 and len(self._others) > 1:
            for lane in self._others:
                taken += lane.receive(limit - len(taken))
        if len(self._others) > 1:
            self._others.append(self._others.pop(0))
        return taken

    def wait(self, timeout_s: float) -> None:
        """Wait until something came in on any lane, ``timeout_s`` at most; may return too early."""
        if isinstance(self._happened, Event):
            self._happened.wait(timeout_s)
            self._happened.clear()
        else:
            self._happened(timeout_s)

    def settle(self) -> None:
        """Tell the hub that all that was received is journalled."""
        for lane in self.lanes:
            lane.settle()

    def close(self) -> None:
        """Say goodbye on every lane."""
        for lane in self.lanes:
            lane.close()
