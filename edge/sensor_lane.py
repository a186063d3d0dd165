"""One sensor driver of the agent; what goes wrong with it stays here."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import structlog

from edge.letters import reading_letters
from edge.sensors.errors import SensorFault
from edge.sensors.first_gate import FirstGate
from edge.sensors.ports import SensorDriver
from runtime.outbox import Letter

__all__ = ["SensorLane"]

_LOG = structlog.get_logger("edge.sensor")


class SensorLane:
    """Polls a driver and makes messages of its readings.

    Args:
        driver: the driver.
        priorities: priority by subject, where it is not the profile's; may be replaced.
        gate: flags what cannot be right; by default one that knows the profiles' ranges.
    """

    def __init__(
        self,
        driver: SensorDriver,
        priorities: Mapping[str, int] = MappingProxyType({}),
        gate: FirstGate | None = None,
    ) -> None:
        self.driver = driver
        self.priorities = priorities
        self._gate = gate or FirstGate()
        self._failing = False
        self._own = {"faults": 0}

    @property
    def counters(self) -> dict[str, int]:
        """What happened so far, by name."""
        return {**self.driver.counters, **self._own, **self._gate.counters}

    def step(self, now: datetime) -> list[Letter]:
        """Return the messages of what was measured since the last call."""
        try:
            readings = self.driver.poll(now)
        except SensorFault as fault:
            self._fail(str(fault))
            return []
        except Exception as error:  # noqa: BLE001 - the loop of one driver, logged once and counted
            if not self._failing:
                _LOG.exception("sensor_failed", driver=self.driver.name)
            self._fail(repr(error))
            return []
        if self._failing:
            self._failing = False
            _LOG.info("sensor_recovered", driver=self.driver.name)
        judged = [self._gate.judge(reading) for reading in readings]
        return reading_letters(judged, self.driver.per_message, self.priorities)

    def close(self) -> None:
        """Let go of the driver's connections."""
        self.driver.close()

    def _fail(self, reason: str) -> None:
        self._own["faults"] += 1
        if not self._failing:
            self._failing = True
            _LOG.warning("sensor_fault", driver=self.driver.name, reason=reason)
