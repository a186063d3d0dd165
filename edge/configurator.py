"""Which configuration the box runs: its own file with what is desired laid over it, kept on disk.

What is desired is on the disk before anything changes, so a box that is killed at any moment
comes back with it; and it is reported only once it is in force.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from contracts.codec import encode
from contracts.control import ConfigDesired, ConfigReported
from edge.camera_config import CameraConfig
from edge.camera_lane import CameraLane
from edge.config import EdgeConfig
from edge.desired import (
    APPLIED,
    NEEDS_RESTART,
    Overlay,
    camera_restart_fields,
    hot_camera,
    overlay,
)
from edge.errors import DesiredRefused
from edge.reported_scenes import scenes_of
from edge.sensor_lane import SensorLane
from edge.sensors.polled import PolledDriver
from edge.sensors.simulated import SimulatedDriver
from runtime.outbox import Letter
from runtime.private_file import write_private

__all__ = ["Configurator", "read_desired"]

_LOG = structlog.get_logger("edge.config")


def read_desired(path: Path) -> ConfigDesired | None:
    """Return what was desired last; None where nothing was, or the file is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ConfigDesired)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        _LOG.error("desired_unreadable", path=str(path), reason=str(error))
        return None


class Configurator:
    """Applies desired configurations and says what runs.

    Args:
        own: the box's own file.
        own_sha256: its hash, reported while nothing is desired.
        laid: own and desired at the start, from which everything was built.
        desired: what was desired at the start.
        path: where what is desired is kept.
        reload: reads the box's own file again; None where there is none.
    """

    def __init__(
        self,
        *,
        own: EdgeConfig,
        own_sha256: Callable[[EdgeConfig], str],
        laid: Overlay,
        desired: ConfigDesired | None,
        path: Path,
        reload: Callable[[], EdgeConfig] | None,
    ) -> None:
        self._own = own
        self._own_sha256 = own_sha256
        self._running = laid.config
        self._laid = laid
        self._desired = desired
        self._path = path
        self._reload = reload
        self._lanes: Mapping[str, CameraLane] = {}
        self._sensors: Sequence[SensorLane] = ()
        self._changed: Callable[[EdgeConfig], None] = lambda _config: None
        self._model_result: Callable[[str], str] = lambda _model: NEEDS_RESTART
        self.letters: list[Letter] = []
        """Ends of what was going on in zones and lines that are gone; the agent takes them."""
        self.counters = {"configs_applied": 0, "configs_refused": 0}

    def attach(
        self,
        lanes: Mapping[str, CameraLane],
        sensors: Sequence[SensorLane],
        changed: Callable[[EdgeConfig], None],
        model_result: Callable[[str], str],
    ) -> None:
        """Say whom to change: cameras by id, sensors, and the box itself; and who knows of models."""
        self._model_result = model_result
        self._lanes = lanes
        self._sensors = sensors
        self._changed = changed

    def camera(self, name: str) -> CameraConfig:
        """Return a camera as it runs now.

        Raises:
            StopIteration: there is none of that name.
        """
        return next(camera for camera in self._running.cameras if camera.id == name)

    def desire(self, desired: ConfigDesired, now: datetime) -> ConfigReported:
        """Apply what is desired as far as it goes, and return what runs then."""
        if self._desired is None or desired.sha256 != self._desired.sha256:
            write_private(self._path, encode(desired).decode())
            self._desired = desired
            self._apply()
        elif desired.version != self._desired.version:
            write_private(self._path, encode(desired).decode())
            self._desired = desired
        return self.report(now)

    def reload(self) -> str:
        """Read the box's own file again and apply it; return why not, or nothing."""
        if self._reload is None:
            return "this box has no file to read again"
        try:
            self._own = self._reload()
        except ValueError as error:
            return str(error)
        self._apply()
        restart = [
            section for section, result in self._results().items() if result != APPLIED
        ] + self._restart_fields()
        return "" if not restart else f"{NEEDS_RESTART}: {', '.join(dict.fromkeys(restart))}"

    def report(self, now: datetime) -> ConfigReported:
        """Return what runs: version and hash of what is desired, and each section's result."""
        desired = self._desired
        return ConfigReported(
            box=self._running.box.box,
            version=0 if desired is None else desired.version,
            sha256=self._own_sha256(self._own) if desired is None else desired.sha256,
            at=now,
            sections={} if desired is None else self._results(),
            scenes=scenes_of(self._running.cameras),
        )

    def _apply(self) -> None:
        """Change what can be changed while it runs."""
        self._laid = laid = overlay(self._own, self._desired)
        refused = dict(laid.refused)
        running = {camera.id: camera for camera in self._running.cameras}
        for wanted in laid.config.cameras:
            now = running.get(wanted.id)
            lane = self._lanes.get(wanted.id)
            if now is None or lane is None or (hot := hot_camera(now, wanted)) == now:
                continue
            try:
                self.letters += lane.reconfigure(hot)
            except DesiredRefused as error:
                refused[f"cameras.{wanted.id}"] = f"refused: {error}"
            else:
                running[wanted.id] = hot
        cadences = self._apply_cadences(laid.config)
        self._running = msgspec.structs.replace(
            self._running,
            cameras=tuple(running[camera.id] for camera in self._running.cameras),
            sensors=cadences,
            status_every_s=laid.config.status_every_s,
            update_every_s=laid.config.update_every_s,
            priorities=laid.config.priorities,
            models=laid.config.models,
        )
        self._changed(self._running)
        self._laid = msgspec.structs.replace(laid, refused=refused)
        self.counters["configs_refused" if refused else "configs_applied"] += 1
        version = None if self._desired is None else self._desired.version
        _LOG.info("config_applied", version=version, results=self._results())

    def _apply_cadences(self, wanted: EdgeConfig) -> tuple[object, ...]:
        """Change how often sensors are asked; return the sensors as they run now."""
        drivers = {
            lane.driver.births[0].subject: lane.driver
            for lane in self._sensors
            if isinstance(lane.driver, SimulatedDriver | PolledDriver)
        }
        by_subject = {getattr(one, "subject", None): one for one in wanted.sensors}
        found: list[object] = []
        for sensor in self._running.sensors:
            subject = getattr(sensor, "subject", None)
            driver, other = drivers.get(subject or ""), by_subject.get(subject)
            every_s = getattr(other, "every_s", None)
            if driver is None or other is None or every_s == getattr(sensor, "every_s", None):
                found.append(sensor)
                continue
            driver.report_every(every_s)
            found.append(msgspec.structs.replace(sensor, every_s=every_s))
        return tuple(found)

    def _results(self) -> dict[str, str]:
        """Return what became of each section that is desired."""
        results: dict[str, str] = {}
        running = {camera.id: camera for camera in self._running.cameras}
        for section in self._laid.sections:
            kind, _, name = section.partition(".")
            if section in self._laid.refused:
                results[section] = self._laid.refused[section]
                continue
            fields: tuple[str, ...] = ()
            if kind == "cameras":
                wanted = next(one for one in self._laid.config.cameras if one.id == name)
                fields = camera_restart_fields(running[name], wanted)
            elif kind == "models":
                results[section] = self._model_result(name)
                continue
            elif kind == "sensors" and not self._same_sensor(name):
                fields = ("sensor",)
            results[section] = f"{NEEDS_RESTART}: {', '.join(fields)}" if fields else APPLIED
        return results

    def _same_sensor(self, subject: str) -> bool:
        def of(config: EdgeConfig) -> list[object]:
            return [one for one in config.sensors if getattr(one, "subject", None) == subject]

        return of(self._running) == of(self._laid.config)

    def _restart_fields(self) -> list[str]:
        """Return the parts of the box's configuration that differ from what runs."""
        wanted, running = self._laid.config, self._running
        return [
            field.name
            for field in msgspec.structs.fields(EdgeConfig)
            if getattr(wanted, field.name) != getattr(running, field.name)
        ]
