"""The agent: cameras and sensors in, durable messages out; a thin loop over ``step(now)``."""

import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from contracts.envelope import Channel
from contracts.status import BoxState, Status, SubjectBirth
from edge.camera_lane import CameraLane
from edge.camera_states import CameraStates
from edge.commands import CommandDesk
from edge.configurator import Configurator
from edge.episodes import EpisodeBook
from edge.evidence.courier import Courier
from edge.health.attendant import Attendant
from edge.holdback import Holdback
from edge.sensor_lane import SensorLane
from edge.workers.inference_pool import InferencePool
from runtime.clock import Clock
from runtime.errors import LetterError, OutboxFull
from runtime.outbox import Letter, Outbox
from runtime.process import StopFlag
from runtime.session import Session
from runtime.uplink import Uplink

__all__ = ["Agent"]

_FED_EVERY = 6
"""Cameras after whose steps the inference workers are given the next questions."""

_IDLE_S = 0.02
"""Real seconds that the loop waits when nothing happened: half a frame at 25 frames a second."""

_FULL_RETRY = timedelta(seconds=1.0)
"""Time between two attempts at a full disk."""

_LOG = structlog.get_logger("edge.agent")


class Agent:
    """One box.

    Args:
        box: id of the box.
        boot_id: this run of it.
        clock: tells the time.
        session: the way to the hub.
        uplink: what messages leave through.
        outbox: where they wait.
        book: open episodes.
        cameras: camera lanes.
        sensors: sensor lanes.
        commands: carries out orders.
        configurator: applies desired configurations.
        courier: uploads pictures; None uploads none.
        courier_thread: True uploads on a thread of its own, False within :meth:`step`.
        subjects: sensors and cameras that the box speaks for.
        versions: software versions by part.
        status_every_s: seconds between two heartbeats.
        clock_offset: tells how far the clock is from true time, in seconds; None where unknown.
        inference: workers that run networks; None where they run in this process.
    """

    def __init__(
        self,
        *,
        box: str,
        boot_id: str,
        clock: Clock,
        session: Session,
        uplink: Uplink,
        outbox: Outbox,
        book: EpisodeBook,
        cameras: Sequence[CameraLane],
        sensors: Sequence[SensorLane],
        commands: CommandDesk,
        configurator: Configurator,
        courier: Courier | None,
        courier_thread: bool,
        subjects: tuple[SubjectBirth, ...],
        versions: Mapping[str, str],
        status_every_s: float,
        clock_offset: Callable[[], float | None] = lambda: None,
        inference: InferencePool | None = None,
    ) -> None:
        self._inference = inference
        self.uplink = uplink
        self.outbox = outbox
        self.book = book
        self.session = session
        self.cameras = cameras
        self._attendants: list[Attendant] = []
        self._ends: list[Callable[[], None]] = []
        self._reload_wanted = False
        self._admit: Callable[[Sequence[Letter]], Sequence[Letter]] = lambda letters: letters
        self._more_versions: Callable[[], Mapping[str, str]] = dict
        self._more_counters: list[Callable[[], Mapping[str, int]]] = []
        self._box = box
        self._boot_id = boot_id
        self._clock = clock
        self._sensors = sensors
        self._commands = commands
        self._configurator = configurator
        self._courier = courier
        self._courier_stop = threading.Event()
        self._courier_thread = (
            threading.Thread(target=self._upload, name="evidence", daemon=True)
            if courier is not None and courier_thread
            else None
        )
        self._subjects = subjects
        self._versions = dict(versions)
        self._status_every = timedelta(seconds=status_every_s)
        self._clock_offset = clock_offset
        self._status_seq = 0
        self._camera_states = CameraStates()
        self._status_due: datetime | None = None
        self._held = Holdback()
        self._full_until: datetime | None = None
        self._own = {"outbox_full": 0, "letters_refused": 0}

    @property
    def counters(self) -> dict[str, int]:
        """Everything counted since the start; camera and sensor counters carry their name."""
        counters = dict(self._own) | self._held.counters | self._commands.counters
        counters |= self._configurator.counters
        counters["letters_held"] = len(self._held)
        for part in (self.outbox.counters, self.uplink.counters, self.session.counters):
            counters |= part
        if self._courier is not None:
            counters |= self._courier.counters
        for attendant in self._attendants:
            counters |= attendant.counters
        for more in self._more_counters:
            counters |= more()
        if self._inference is not None:
            counters |= self._inference.counters
        for camera in self.cameras:
            counters |= {f"{camera.camera}.{name}": n for name, n in camera.counters.items()}
        for sensor in self._sensors:
            name = sensor.driver.name
            counters |= {f"{name}.{counter}": n for counter, n in sensor.counters.items()}
        return counters

    @property
    def ended(self) -> bool:
        """Whether every camera is a recording that is over, and no sensor is left."""
        return not self._sensors and all(camera.ended for camera in self.cameras)

    def attend(self, attendant: Attendant) -> None:
        """Let somebody look after the box in every round of the loop."""
        self._attendants.append(attendant)

    def count_also(self, counters: Callable[[], Mapping[str, int]]) -> None:
        """Count these too."""
        self._more_counters.append(counters)

    def at_close(self, end: Callable[[], None]) -> None:
        """Call this when the box ends."""
        self._ends.append(end)

    def admit_by(self, admit: Callable[[Sequence[Letter]], Sequence[Letter]]) -> None:
        """Ask this which messages may be stored."""
        self._admit = admit

    def tell_versions(self, versions: Callable[[], Mapping[str, str]]) -> None:
        """Tell these versions in every heartbeat too."""
        self._more_versions = versions

    def reload_soon(self) -> None:
        """Read the box's own file again in the next round; safe to call from a signal's handler."""
        self._reload_wanted = True

    def heartbeat_every(self, seconds: float) -> None:
        """Send a heartbeat so often from now on."""
        if self._status_every != timedelta(seconds=seconds):
            self._status_every = timedelta(seconds=seconds)
            self._status_due = None

    def start(self) -> None:
        """Connect, begin to read, and end what an earlier boot left open."""
        now = self._clock.now()
        self.session.start()
        self._send(self.book.recover(now))
        self._commands.report_config(now)
        for camera in self.cameras:
            camera.start()
        if self._courier_thread is not None:
            self._courier_thread.start()
        _LOG.info("agent_started", box_id=self._box, boot_id=self._boot_id)

    def step(self, now: datetime) -> bool:
        """Do what is due at this moment; return whether anything happened."""
        inbound = self.uplink.step(now)
        for message in inbound:
            self._commands.handle(message, now)
        if self._reload_wanted:
            self._reload(now)
        letters: list[Letter] = [*self._configurator.letters, *self._commands.letters]
        self._configurator.letters.clear()
        self._commands.letters.clear()
        if self._inference is not None:
            self._inference.step()
            for camera in self.cameras:
                camera.pace(self._inference.look_fps)
        for number, camera in enumerate(self.cameras, start=1):
            letters += camera.step(now)
            if self._inference is not None and number % _FED_EVERY == 0:
                # a round with many cameras takes longer than what the workers hold in hand
                self._inference.step()
        if self._inference is not None:
            self._inference.step()
        for sensor in self._sensors:
            letters += sensor.step(now)
        self._send(letters)
        self._tell_status(now)
        self._commands.flush()
        for attendant in self._attendants:
            attendant.step(now)
        if self._courier is not None and self._courier_thread is None:
            self._courier.step(now)
        return bool(inbound or letters)

    def _reload(self, now: datetime) -> None:
        self._reload_wanted = False
        lacking = self._configurator.reload()
        if lacking:
            _LOG.warning("config_not_all_applied", reason=lacking)
        self._commands.report_config(now)

    def run(self, stop: StopFlag) -> None:
        """Step until told to stop, or until every recording is over and its messages have left."""
        self.start()
        try:
            while not stop:
                if not self.step(self._clock.now()):
                    if self.ended and self._everything_left():
                        break
                    self.rest()
        finally:
            self.close()

    def rest(self) -> None:
        """Wait until something may have happened, a moment at most.

        What a worker has answered is taken at once, and it gets its next question.
        """
        if self._inference is not None and self._inference.asked:
            self._inference.wait(_IDLE_S)
        else:
            self.session.wait(_IDLE_S)

    def _everything_left(self) -> bool:
        return self.uplink.backlog == 0 and (self._courier is None or self._courier.resting)

    def close(self) -> None:
        """End what is going on, say goodbye, and let go of everything; what waits stays on disk."""
        now = self._clock.now()
        for attendant in self._attendants:
            attendant.close()
        for camera in self.cameras:
            camera.close()
        if self._inference is not None:
            self._inference.close()
        for sensor in self._sensors:
            sensor.close()
        self._send([letter for camera in self.cameras for letter in camera.finish()])
        self.uplink.step(now)
        self.uplink.publish_status(self._status(now, BoxState.OFFLINE))
        self._courier_stop.set()
        if self._courier_thread is not None and self._courier_thread.is_alive():
            self._courier_thread.join(timeout=5.0)
        if self._courier is not None:
            self._courier.close()
        for end in self._ends:
            end()
        self.uplink.close()
        self.book.close()
        self.outbox.close()
        _LOG.info("agent_stopped", box_id=self._box, waiting=len(self._held))

    def _send(self, letters: Sequence[Letter]) -> None:
        """Make messages durable; keep them in memory while the disk is full."""
        self._held.add(self._admit(letters))
        now = self._clock.now()
        waits = self._full_until is not None and now < self._full_until
        if not len(self._held) or waits:
            return
        try:
            # starts first in the book, then in the outbox; ends the other way round: a crash in
            # between leaves an end too many, never one too few
            self.book.save()
            self.uplink.send(self._held.letters)
            self._held.clear()
            self.book.forget()
        except (OutboxFull, sqlite3.OperationalError) as error:
            self._own["outbox_full"] += 1
            if self._full_until is None:
                _LOG.error("outbox_full", box_id=self._box, reason=str(error))
            self._full_until = now + _FULL_RETRY
            return
        except LetterError:
            self._send_singly()
        if self._full_until is not None:
            self._full_until = None
            _LOG.info("outbox_recovered", box_id=self._box)

    def _send_singly(self) -> None:
        """Send what is held one by one and give up what can never be sent."""
        letters = list(self._held.letters)
        self._held.clear()
        for number, letter in enumerate(letters):
            try:
                self.uplink.send([letter])
            except LetterError as error:
                self._own["letters_refused"] += 1
                _LOG.error("letter_refused", channel=letter.channel.value, reason=str(error))
            except OutboxFull:
                self._held.add(letters[number:])
                return
        self.book.forget()

    def _tell_status(self, now: datetime) -> None:
        if self._status_due is None:
            self._status_due = now
        if now < self._status_due:
            return
        self._status_due = now + self._status_every
        state = BoxState.HEARTBEAT if self._status_seq else BoxState.BIRTH
        self.uplink.publish_status(self._status(now, state))

    def _status(self, now: datetime, state: BoxState) -> Status:
        seq = self._status_seq
        self._status_seq += 1
        models = {name: one for camera in self.cameras for name, one in camera.models.items()}
        return Status(
            id=f"{self._box}/{self._boot_id}/{Channel.STATUS.value}/{seq}",
            box=self._box,
            boot_id=self._boot_id,
            channel=Channel.STATUS,
            seq=seq,
            at=now,
            sent_at=now,
            state=state,
            versions={**self._versions, **models, **self._more_versions()},
            subjects=self._subjects,
            clock_offset_s=self._clock_offset(),
            counters=self.counters,
            cameras=self._camera_states.tell(self.cameras, self.book.open_keys, now),
        )

    def _upload(self) -> None:
        assert self._courier is not None
        while not self._courier_stop.wait(0.2):
            self._courier.step(self._clock.now())
