"""A driver for what must be asked: on a worker of its own, so that a dead sensor delays nobody."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from contracts.profiles import PROFILES
from contracts.status import SubjectBirth
from edge.sensors.errors import SensorFault
from edge.sensors.ports import Instrument, SensorReading
from runtime.backoff import Backoff

__all__ = ["PolledDriver"]

_LONGEST_WAIT_S = 300.0
"""Most seconds between two questions to a sensor that does not answer."""

_SOONEST_S = 0.1
"""Least seconds between them: jitter may draw nothing at all."""


class PolledDriver:
    """Asks an instrument every so often; after a fault it waits longer, with full jitter.

    The question is asked on a thread that lives as long as the driver and is idle in between;
    :meth:`poll` only starts it and fetches what it found. What is due while a question is still
    unanswered is left out and counted.

    Args:
        instrument: what is asked; used by one thread at a time.
        every_s: seconds between two questions.
        rng: jitter of the retries.
        threaded: False asks within :meth:`poll`, for runs in one process.
    """

    def __init__(
        self, instrument: Instrument, every_s: float, rng: Random, *, threaded: bool = True
    ) -> None:
        self.name = instrument.name
        self.births: tuple[SubjectBirth, ...] = instrument.births
        self.per_message = 100
        self.counters: dict[str, int] = {"readings": 0, "asked": 0, "missed": 0}
        self._instrument = instrument
        self._every_s = every_s
        self._backoff = Backoff(min(every_s, _LONGEST_WAIT_S), _LONGEST_WAIT_S, rng)
        self._due_at: datetime | None = None
        self._worker = _Worker(instrument.read, instrument.name) if threaded else None

    def report_every(self, every_s: float | None) -> None:
        """Ask in another rhythm from the next question on; None: the profile's."""
        self._every_s = every_s or PROFILES[self.births[0].profile].cadence_s

    def poll(self, now: datetime) -> list[SensorReading]:
        """Return what the last question found; ask the next where it is due.

        Raises:
            SensorFault: the sensor did not answer, or answered rubbish.
        """
        outcome = self._ask_here(now) if self._worker is None else self._worker.take()
        if isinstance(outcome, BaseException):
            self._due_at = now + timedelta(seconds=max(self._backoff.next_delay(), _SOONEST_S))
            raise outcome
        if self._worker is not None:
            self._ask(self._worker, now)
        if outcome is None:
            return []
        self._backoff.reset()
        self.counters["readings"] += len(outcome)
        return outcome

    def close(self) -> None:
        """Let go of the instrument; a question that hangs ends by its own timeout."""
        if self._worker is not None:
            self._worker.close()
        self._instrument.close()

    def _due(self, now: datetime) -> bool:
        if self._due_at is not None and now < self._due_at:
            return False
        grid = self._due_at or now
        # the rhythm holds, but what was slept through is not made up for
        late = (now - grid).total_seconds()
        steps = int(late // self._every_s) + 1
        self._due_at = grid + timedelta(seconds=steps * self._every_s)
        return True

    def _ask(self, worker: "_Worker", now: datetime) -> None:
        if not self._due(now):
            return
        if worker.ask(now):
            self.counters["asked"] += 1
        else:
            self.counters["missed"] += 1

    def _ask_here(self, now: datetime) -> "_Outcome":
        if not self._due(now):
            return None
        self.counters["asked"] += 1
        try:
            return self._instrument.read(now)
        except SensorFault as fault:
            return fault


_Outcome = list[SensorReading] | BaseException | None


class _Worker:
    """One idle thread that answers one question at a time."""

    def __init__(self, read: Callable[[datetime], list[SensorReading]], name: str) -> None:
        self._read = read
        self._changed = threading.Condition()
        self._question: datetime | None = None
        self._busy = False
        self._outcome: _Outcome = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False

    def ask(self, now: datetime) -> bool:
        """Ask at this moment; False while an earlier question is open or its answer not taken."""
        with self._changed:
            if self._busy or self._question is not None or self._outcome is not None:
                return False
            if not self._started:
                self._started = True
                self._thread.start()
            self._question = now
            self._changed.notify_all()
        return True

    def take(self) -> _Outcome:
        """Return what was found, once; None while there is nothing."""
        with self._changed:
            outcome, self._outcome = self._outcome, None
        return outcome

    def close(self) -> None:
        """End the thread, as soon as its present question is answered."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._started:
            self._thread.join(timeout=1.0)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._question is not None or self._closing)
                if self._closing or self._question is None:
                    return
                question, self._question, self._busy = self._question, None, True
            outcome: _Outcome
            try:
                outcome = self._read(question)
            except Exception as error:  # noqa: BLE001 - handed to the loop, which logs and counts it
                outcome = error
            with self._changed:
                self._busy, self._outcome = False, outcome
