"""A city's boxes at work: what they measured goes into their posts, and out when it can.

They lose the hub, restart, send with a wrong clock and say things twice, as the scenario has it. A lost
link is simulated at the box: nothing leaves it and nothing comes in, while it goes on measuring.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from contracts.envelope import Place
from contracts.status import BoxState
from simulators.city.city import Box, City, Fault
from simulators.city.city_letters import Sample, pack_letters
from simulators.city.message_flood import flooding_letters
from simulators.city.repeating_session import RepeatingSession
from simulators.city.sample_flow import SampleFlow
from simulators.fleet import SimulatedSubject
from simulators.letters import box_status
from simulators.ports import Post

__all__ = ["BoxFleet", "OpenPost"]

OpenPost = Callable[[str, int], tuple[Post, RepeatingSession]]
"""Opens the post of a box for its n-th boot, from 0, and the session under it."""

_CLOCK_OFF_S = 5400.0
"""How far a wrong clock is off where the scenario does not say: an hour and a half ahead."""

_STATUS_EVERY_S = 300.0


class _BoxAtWork:
    def __init__(self, city: City, box: Box, open_post: OpenPost, version: str) -> None:
        self.name = box.name
        self._faults = [one for one in city.faults if one.box == box.name]
        self._links = [one for one in city.links if box.name in one.boxes]
        self._open_post, self._version = open_post, version
        self._subjects = _subjects(city, box)
        self._boots, self._told, self._told_at_s = 0, 0, 0.0
        self.post, self.session = open_post(box.name, 0)
        self.post.start()

    def step(
        self,
        samples: Sequence[Sample],
        before_s: float,
        at_s: float,
        start: datetime,
        now: datetime,
    ) -> None:
        """Enqueue what was measured, then speak with the hub, if there is a link."""
        if self._has("reboot", before_s, at_s):
            self._reboot()
        clock = next((one for one in self._active("clock", at_s)), None)
        offset_s = 0.0 if clock is None else _CLOCK_OFF_S if clock.size is None else clock.size
        letters = pack_letters(samples, start, offset_s)
        for fault in self._faults:
            if fault.kind == "flood":
                letters += flooding_letters(samples, fault, start, offset_s)
        if letters:
            self.post.send(letters)
        if any(one.start_s <= at_s < one.end_s for one in self._links):
            return
        self.session.repeats = bool(self._active("repeat", at_s))
        if self._told == 0 or at_s - self._told_at_s >= _STATUS_EVERY_S:
            self._tell(at_s, now)
        self.post.step(now)

    def _active(self, kind: str, at_s: float) -> list[Fault]:
        return [one for one in self._faults if one.kind == kind and one.start_s <= at_s < one.end_s]

    def _has(self, kind: str, before_s: float, at_s: float) -> bool:
        return any(one.kind == kind and before_s < one.start_s <= at_s for one in self._faults)

    def _reboot(self) -> None:
        self._boots += 1
        self.post.close()
        self.post, self.session = self._open_post(self.name, self._boots)
        self.post.start()
        self._told = 0

    def _tell(self, at_s: float, now: datetime) -> None:
        birth = self._told == 0
        self._told += 1
        self._told_at_s = at_s
        self.post.publish_status(
            box_status(
                self.name,
                self.post.boot_id,
                self._told,
                now,
                BoxState.BIRTH if birth else BoxState.HEARTBEAT,
                version=self._version,
                subjects=self._subjects if birth else (),
                counters=self.post.counters,
            )
        )


def _subjects(city: City, box: Box) -> list[SimulatedSubject]:
    found = []
    for name, index in box.sensors:
        group = city.group(name)
        lon, lat = city.place(group, index)
        found.append(
            SimulatedSubject(
                subject=group.subjects[index],
                profile=group.profile.name,
                place=Place(lon=round(lon, 6), lat=round(lat, 6), accuracy_m=5.0),
                cadence_s=group.profile.cadence_s,
            )
        )
    return found


class BoxFleet:
    """Every box of a city.

    Args:
        city: the scenario.
        flow: what its sensors measure.
        open_post: opens a box's way to the hub.
        version: of cityloop, for the status.
    """

    def __init__(self, city: City, flow: SampleFlow, open_post: OpenPost, version: str) -> None:
        self._city, self._flow = city, flow
        self._before_s = -1.0
        self._boxes = [_BoxAtWork(city, box, open_post, version) for box in city.boxes]

    @property
    def connected(self) -> bool:
        """Whether every box reaches the hub."""
        return all(box.post.connected for box in self._boxes)

    @property
    def backlog(self) -> int:
        """How many messages have not reached whom they are for."""
        return sum(box.post.backlog for box in self._boxes)

    @property
    def repeated(self) -> int:
        """Messages that the network said twice in this boot of every box."""
        return sum(box.session.repeated for box in self._boxes)

    def step(self, at_s: float, now: datetime) -> None:
        """Send what was measured before a second of the scenario; never waits."""
        samples = self._flow.take(at_s)
        for box in self._boxes:
            box.step(samples.get(box.name, ()), self._before_s, at_s, self._city.start, now)
        self._before_s = at_s

    def settle(self, now: datetime) -> None:
        """Go on speaking without anything new."""
        for box in self._boxes:
            box.post.step(now)

    def close(self) -> None:
        """Say goodbye."""
        for box in self._boxes:
            box.post.close()
