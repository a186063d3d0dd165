"""The city's readings dealt out to its boxes, as time goes on."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from simulators.city.city import City, SensorGroup
from simulators.city.city_letters import Sample
from simulators.city.signals import Signals, Stretch

__all__ = ["SampleFlow"]


class _Rows(NamedTuple):
    """A stretch as lists: quick to take single values from."""

    group: SensorGroup
    at_s: list[float]
    fields: list[tuple[str, list[list[float]]]]


class SampleFlow:
    """Gives every box what its sensors measured up to a moment.

    Args:
        city: whose sensors.
        until_s: second of the scenario where they stop.
        witness: is shown every stretch, true values included, before it is dealt out.
    """

    def __init__(
        self, city: City, until_s: float, witness: Callable[[Sequence[Stretch]], None] | None = None
    ) -> None:
        self.count = 0
        """Values of sensors at moments that were dealt out."""
        self._boxes = {sensor: box.name for box in city.boxes for sensor in box.sensors}
        self._stretches = iter(Signals(city, until_s))
        self._witness = witness
        self._rows: list[tuple[_Rows, int]] = []
        self._ends_s = 0.0

    def take(self, until_s: float) -> dict[str, list[Sample]]:
        """Return the samples before ``until_s`` that were not taken yet, by box, in order of time."""
        found: dict[str, list[Sample]] = {}
        while True:
            self._rows = [self._deal(rows, at, until_s, found) for rows, at in self._rows]
            if any(at < len(rows.at_s) for rows, at in self._rows) or not self._load():
                return found

    def _deal(
        self, rows: _Rows, position: int, until_s: float, found: dict[str, list[Sample]]
    ) -> tuple[_Rows, int]:
        group = rows.group
        while position < len(rows.at_s) and rows.at_s[position] < until_s:
            at_s = rows.at_s[position]
            for index in range(group.count):
                values = {name: column[position][index] for name, column in rows.fields}
                found.setdefault(self._boxes[(group.id, index)], []).append(
                    (group, index, at_s, values)
                )
            self.count += group.count
            position += 1
        return rows, position

    def _load(self) -> bool:
        """Take the next stretch of every group; return whether there was one."""
        stretches = next(self._stretches, None)
        if stretches is None:
            return False
        if self._witness is not None:
            self._witness(stretches)
        self._rows = [
            (
                _Rows(
                    one.group,
                    one.at_s.tolist(),
                    [(name, array.tolist()) for name, array in one.sent.items()],
                ),
                0,
            )
            for one in stretches
        ]
        return True
