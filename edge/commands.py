"""Carries out what the box is told to do, once, and answers."""

from collections import deque
from collections.abc import Mapping
from datetime import datetime

import structlog

from contracts.codec import decode_message, encode
from contracts.control import (
    Command,
    CommandName,
    CommandResult,
    Comparison,
    ConfigDesired,
    ConfigReported,
)
from contracts.envelope import Evidence
from contracts.errors import MessageError
from contracts.observation import ObservationKind
from contracts.topics import Kind, box_topic
from edge.camera_lane import CameraLane
from edge.configurator import Configurator
from edge.episodes import EpisodeBook, EpisodeKey
from edge.evidence.config import RedactPolicy
from edge.evidence.verification import Verifier
from runtime.outbox import Letter
from runtime.session import Inbound, Session

__all__ = ["CommandDesk"]

_REMEMBERED = 256
"""Results kept, so that a command that is delivered twice is answered twice and done once."""

_WAITING = 256
"""Answers that may wait for the hub; beyond, the oldest are dropped and counted."""

_LOG = structlog.get_logger("edge.commands")


class CommandDesk:
    """Handles ``command`` and ``config/desired``; answers on ``command/result`` and ``config/reported``.

    Args:
        session: the way to the hub.
        district: first level of the box's topics.
        site: second level.
        box: third level.
        lanes: cameras by id.
        policies: how each camera's pictures are redacted.
        verifier: makes pictures; None where there is nowhere to send them.
        book: open episodes of the box.
        configurator: applies desired configurations.
    """

    def __init__(
        self,
        *,
        session: Session,
        district: str,
        site: str,
        box: str,
        lanes: Mapping[str, CameraLane],
        policies: Mapping[str, RedactPolicy],
        verifier: Verifier | None,
        book: EpisodeBook,
        configurator: Configurator,
    ) -> None:
        self._session = session
        self._box = box
        self._result_topic = box_topic(district, site, box, Kind.COMMAND_RESULT)
        self._reported_topic = box_topic(district, site, box, Kind.CONFIG_REPORTED)
        self._lanes = lanes
        self._policies = policies
        self._verifier = verifier
        self._book = book
        self.letters: list[Letter] = []
        """What is to be told because of a command; whoever sends it clears it."""
        self._configurator = configurator
        self._results: dict[str, CommandResult] = {}
        self._answers: deque[tuple[str, bytes, bool]] = deque()
        self.counters: dict[str, int] = {
            "commands_done": 0,
            "commands_failed": 0,
            "commands_malformed": 0,
            "answers_dropped": 0,
        }

    def report_config(self, now: datetime) -> None:
        """Tell which configuration runs."""
        self._report(self._configurator.report(now))

    def handle(self, inbound: Inbound, now: datetime) -> None:
        """Carry out one message from the hub."""
        try:
            message = decode_message(inbound.payload)
        except MessageError as error:
            self._refuse(inbound, str(error))
            return
        if isinstance(message, Command):
            self._command(message, now)
        elif isinstance(message, ConfigDesired):
            self._desired(message, now)
        else:
            self._refuse(inbound, "expected command.v1 or config.desired.v1")

    def flush(self) -> None:
        """Hand waiting answers to the hub, as far as it takes them."""
        while self._answers:
            topic, payload, retain = self._answers[0]
            if not self._session.publish(topic, payload, retain=retain):
                return
            self._answers.popleft()

    def _refuse(self, inbound: Inbound, reason: str) -> None:
        self.counters["commands_malformed"] += 1
        _LOG.warning("command_malformed", topic=inbound.topic, reason=reason)

    def _command(self, command: Command, now: datetime) -> None:
        result = self._results.get(command.id)
        if result is None:
            result = self._carry_out(command, now)
            self.counters["commands_done" if result.ok else "commands_failed"] += 1
            self._results[command.id] = result
            if len(self._results) > _REMEMBERED:
                self._results.pop(next(iter(self._results)))
        self._answer(self._result_topic, encode(result), retain=False)

    def _carry_out(self, command: Command, now: datetime) -> CommandResult:
        if now >= command.expires_at:
            expired = command.expires_at.isoformat()
            return self._result(command, now, f"expired at {expired}; send it again")
        if command.name is CommandName.SNAPSHOT:
            return self._snapshot(command, now)
        if command.name is CommandName.ACT:
            device = command.args.get("device", "")
            return self._result(command, now, f"this box drives no device {device[:64]!r}")
        failed = self._configurator.reload()
        if not failed:
            self._report(self._configurator.report(now))
        return self._result(command, now, failed)

    def _snapshot(self, command: Command, now: datetime) -> CommandResult:
        camera = command.args.get("camera", "")
        lane = self._lanes.get(camera)
        if lane is None:
            known = ", ".join(self._lanes) or "none"
            return self._result(command, now, f"camera {camera[:64]!r} is unknown; it has {known}")
        if self._verifier is None:
            return self._result(command, now, "no api is configured, so no pictures are taken")
        view = lane.view()
        if view is None:
            return self._result(command, now, f"camera {camera!r} has given no picture yet")
        zone = command.args.get("zone")
        region = None if zone is None else lane.region(zone)
        if zone is not None and region is None:
            return self._result(command, now, f"camera {camera!r} has no zone {zone[:64]!r}")
        found = self._verifier.verify(
            view,
            self._policies[camera],
            now,
            before=command.args.get("before"),
            region=region,
        )
        if found.evidence is None:
            return self._result(command, now, "the picture could not be kept; see the box's log")
        if found.comparison is not None:
            self.letters += self._compared(camera, zone, found.comparison, found.evidence)
        return CommandResult(
            id=command.id,
            box=self._box,
            at=now,
            ok=True,
            detail=found.reason,
            evidence=(found.evidence,),
            comparison=found.comparison,
        )

    def _compared(
        self, camera: str, zone: str | None, found: Comparison, evidence: Evidence
    ) -> list[Letter]:
        key = EpisodeKey(camera, ObservationKind.SCENE_COMPARED, f"{zone or ''}/{found.before}")
        return self._book.flash(
            key,
            at=evidence.captured_at,
            zone=zone,
            label="changed" if found.changed else "unchanged",
            confidence=found.confidence,
            evidence=(evidence,),
        )

    def _result(self, command: Command, now: datetime, detail: str) -> CommandResult:
        return CommandResult(id=command.id, box=self._box, at=now, ok=not detail, detail=detail)

    def _desired(self, desired: ConfigDesired, now: datetime) -> None:
        if desired.box != self._box:
            self.counters["commands_malformed"] += 1
            _LOG.warning("command_malformed", topic="config/desired", reason="another box's")
            return
        self._report(self._configurator.desire(desired, now))

    def _report(self, reported: ConfigReported) -> None:
        self._answer(self._reported_topic, encode(reported), retain=True)

    def _answer(self, topic: str, payload: bytes, *, retain: bool) -> None:
        self._answers.append((topic, payload, retain))
        if len(self._answers) > _WAITING:
            self._answers.popleft()
            self.counters["answers_dropped"] += 1
