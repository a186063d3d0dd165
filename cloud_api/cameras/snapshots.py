"""Ordering a picture of a camera from its box, and hearing what became of it."""

import uuid
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from msgspec import Struct

from cloud_api.errors import HubUnavailable
from contracts.codec import decode_message, encode
from contracts.control import Command, CommandName, CommandResult
from contracts.errors import MessageError
from contracts.registry import BoxEntry
from contracts.topics import PREFIX, Kind, box_topic
from runtime.session import Session

__all__ = ["ANSWERS", "Picture", "SnapshotDesk"]

ANSWERS = f"{PREFIX}/+/+/+/{Kind.COMMAND_RESULT.value}"
"""Topics that boxes answer on."""

_REMEMBERED = 512
"""Orders and pictures that are remembered; the oldest are forgotten."""
_log = structlog.get_logger()
V = TypeVar("V")


class Picture(Struct, frozen=True, kw_only=True):
    """What a camera saw when somebody asked."""

    sha256: str
    captured_at: datetime


class SnapshotDesk:
    """Sends ``snapshot`` commands to boxes and remembers their answers.

    One thread steps; others only send and look things up, each in one step of a dictionary.

    Args:
        session: the way to the hub; None where none is configured.
        valid: after so long, by the API's clock, a box leaves an order: nobody waits for the picture any
            more.
    """

    def __init__(self, session: Session | None, valid: timedelta = timedelta(seconds=30)) -> None:
        self._session = session
        self._valid = valid
        self._cameras: OrderedDict[str, str] = OrderedDict()
        self._results: OrderedDict[str, CommandResult] = OrderedDict()
        self._pictures: OrderedDict[str, Picture] = OrderedDict()
        if session is not None:
            session.subscribe(ANSWERS)

    def order(self, box: BoxEntry, camera: str, now: datetime) -> str:
        """Tell a box to take a picture; return the order's id.

        Raises:
            HubUnavailable: nobody takes the order.
        """
        if self._session is None:
            raise HubUnavailable(
                "no hub is configured: orders cannot reach a box; see hub in api.yaml"
            )
        order = uuid.uuid4().hex
        command = Command(
            id=order,
            name=CommandName.SNAPSHOT,
            at=now,
            expires_at=now + self._valid,
            args={"camera": camera},
        )
        topic = box_topic(box.district, box.site, box.box, Kind.COMMAND)
        _remember(self._cameras, order, camera)
        if not self._session.publish(topic, encode(command)):
            raise HubUnavailable("the hub is not connected; try again in a moment")
        return order

    def result(self, camera: str, order: str) -> CommandResult | None:
        """Return what a box answered to an order for this camera; None: nothing yet, or no such order."""
        return self._results.get(order) if self._cameras.get(order) == camera else None

    def picture(self, camera: str) -> Picture | None:
        """Return the last picture that came of an order; None where there is none."""
        return self._pictures.get(camera)

    def step(self, _now: datetime) -> int:
        """Take in answers; return how many there were."""
        if self._session is None:
            return 0
        inbound = self._session.receive()
        for each in inbound:
            try:
                message = decode_message(each.payload)
            except MessageError as error:
                _log.warning("command_result_unreadable", topic=each.topic, reason=str(error))
                continue
            if isinstance(message, CommandResult):
                self._take(message)
        self._session.acknowledge(inbound)
        return len(inbound)

    def _take(self, result: CommandResult) -> None:
        camera = self._cameras.get(result.id)
        if camera is None:
            return  # an order of somebody else, or of this API before it started anew
        _remember(self._results, result.id, result)
        if result.evidence:
            seen = result.evidence[-1]
            _remember(
                self._pictures, camera, Picture(sha256=seen.sha256, captured_at=seen.captured_at)
            )


def _remember(where: OrderedDict[str, V], key: str, value: V) -> None:
    where[key] = value
    where.move_to_end(key)
    while len(where) > _REMEMBERED:
        where.popitem(last=False)
