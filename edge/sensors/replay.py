"""A recorded series played again, its first moment shifted to the start."""

import csv
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from contracts.envelope import Place
from contracts.errors import IdError
from contracts.ids import check_id
from contracts.readings import Value
from contracts.status import SubjectBirth
from contracts.units import UNITS
from edge.sensors.config import ReplayConfig
from edge.sensors.errors import SensorSetup
from edge.sensors.ports import SensorReading

__all__ = ["RecordedReading", "ReplayDriver", "load_recording"]

_CATCH_UP = 1000
"""Most readings returned by one poll; the rest follow in the next ones."""

_COLUMNS = ("time", "subject", "field", "value")


class RecordedReading(NamedTuple):
    """The values of one subject at one moment of a recording, ``offset_s`` after its beginning."""

    offset_s: float
    subject: str
    values: dict[str, Value]
    units: dict[str, str]


def load_recording(path: Path) -> list[RecordedReading]:
    """Return a recording's readings in order of time, rows of one subject and moment together.

    Raises:
        SensorSetup: the file is missing, of another kind, empty, or a row of it is wrong.
    """
    if path.suffix not in {".csv", ".jsonl"}:
        msg = f"recording {path}: expected a .csv or .jsonl file"
        raise SensorSetup(msg)
    groups: dict[tuple[float, str], RecordedReading] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for line, row in _rows(path, file):
                _take(path, line, row, groups)
    except (OSError, UnicodeDecodeError) as error:
        msg = f"recording {path}: cannot be read ({error}); check the path in the configuration"
        raise SensorSetup(msg) from error
    if not groups:
        msg = f"recording {path}: holds no reading; expected rows of {', '.join(_COLUMNS)}"
        raise SensorSetup(msg)
    ordered = sorted(groups.values(), key=lambda reading: reading.offset_s)
    first_s = ordered[0].offset_s
    return [reading._replace(offset_s=reading.offset_s - first_s) for reading in ordered]


def _rows(path: Path, file: Iterator[str]) -> Iterator[tuple[int, dict[str, object]]]:
    if path.suffix == ".csv":
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, {str(name): value for name, value in row.items()}
        return
    for line, text in enumerate(file, start=1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except json.JSONDecodeError as error:
            msg = f"recording {path}:{line}: not JSON ({error}); expected one object a line"
            raise SensorSetup(msg) from error
        if not isinstance(row, dict):
            msg = f"recording {path}:{line}: expected an object with {', '.join(_COLUMNS)}"
            raise SensorSetup(msg)
        yield line, row


def _take(
    path: Path,
    line: int,
    row: dict[str, object],
    groups: dict[tuple[float, str], RecordedReading],
) -> None:
    missing = [name for name in _COLUMNS if row.get(name) in {None, ""}]
    if missing:
        msg = f"recording {path}:{line}: {', '.join(missing)} missing; expected {_COLUMNS}"
        raise SensorSetup(msg)
    try:
        at_s = _seconds(row["time"])
        subject = check_id(str(row["subject"]), "subject")
    except (ValueError, IdError) as error:
        msg = f"recording {path}:{line}: {error}"
        raise SensorSetup(msg) from error
    field, unit = str(row["field"]), row.get("unit") or None
    if unit is not None and unit not in UNITS:
        msg = (
            f"recording {path}:{line}: unit {unit!r} is unknown; expected one of {', '.join(UNITS)}"
        )
        raise SensorSetup(msg)
    group = groups.setdefault((at_s, subject), RecordedReading(at_s, subject, {}, {}))
    group.values[field] = _value(row["value"])
    if unit is not None:
        group.units[field] = str(unit)


def _seconds(value: object) -> float:
    """Return a moment as seconds: a number as it is, ISO 8601 as seconds since 1970."""
    try:
        seconds = float(str(value))
    except ValueError:
        moment = datetime.fromisoformat(str(value))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not math.isfinite(seconds):
        msg = f"time {value!r}: expected a finite number of seconds, or ISO 8601"
        raise ValueError(msg)
    return seconds


def _value(value: object) -> Value:
    if isinstance(value, bool):
        return value
    text = str(value)
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text


class ReplayDriver:
    """Plays a recording from the first poll on.

    Args:
        config: profile, loop, speed.
        recording: what :func:`load_recording` returned.
        place: where the sensors stand.
    """

    def __init__(
        self, config: ReplayConfig, recording: list[RecordedReading], place: Place | None
    ) -> None:
        self.name = f"replay:{config.file}"
        subjects = dict.fromkeys(reading.subject for reading in recording)
        self.births = tuple(
            SubjectBirth(subject=subject, profile=config.profile, place=place)
            for subject in subjects
        )
        self.per_message = 100
        self.counters: dict[str, int] = {"readings": 0}
        self._config = config
        self._recording = recording
        # a recording that loops needs a gap between its last moment and its first
        span_s = recording[-1].offset_s
        self._lap_s = span_s + max(span_s / max(len(recording) - 1, 1), 1.0)
        self._start: datetime | None = None
        self._next = 0

    @property
    def finished(self) -> bool:
        """Whether everything has been played and nothing will follow."""
        return not self._config.loop and self._next >= len(self._recording)

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def poll(self, now: datetime) -> list[SensorReading]:
        """Return the readings that fell due since the last call."""
        if self._start is None:
            self._start = now
        readings: list[SensorReading] = []
        while not self.finished and len(readings) < _CATCH_UP:
            lap, index = divmod(self._next, len(self._recording))
            recorded = self._recording[index]
            offset_s = (lap * self._lap_s + recorded.offset_s) / self._config.speed
            at = self._start + timedelta(seconds=offset_s)
            if at > now:
                break
            readings.append(
                SensorReading(
                    recorded.subject, self._config.profile, at, recorded.values, recorded.units
                )
            )
            self._next += 1
        self.counters["readings"] += len(readings)
        return readings
