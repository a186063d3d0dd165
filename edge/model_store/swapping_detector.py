"""A detector whose network is exchanged between two frames, while tracks go on."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.errors import InferenceFault, ModelError
from edge.vision.detections import Detections, Glimpse
from edge.vision.ports import Awaited, DeferredDetector, RegionDetector

__all__ = ["Asked", "Seen", "SwappingDetector", "SwappingPooledDetector"]

Seen = Callable[[Frame, Detections], None]
"""Told what was found in a whole frame."""


class SwappingDetector:
    """Passes frames to the network of the day; for one thread.

    Classes keep their numbers for as long as the agent runs: what a new network calls otherwise is
    renumbered, what it adds comes after what was known. A network that fails on a frame while the one
    before is still here is given up at once, and the one before looks at that very frame.

    Args:
        first: the network to begin with.
        faulted: told why a network failed on a frame.

    Attributes:
        looks: frames that the present network has looked at without a fault.
        faults: frames in a row that it failed on.
        seen: told what was found in whole frames, if somebody asks.
    """

    def __init__(self, first: RegionDetector, faulted: Callable[[str], None]) -> None:
        self._current = first
        self._before: RegionDetector | None = None
        self._faulted = faulted
        self._names = first.names
        self._numbers = np.arange(len(first.names), dtype=np.int32)
        self.looks = 0
        self.faults = 0
        self.seen: Seen | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all classes known so far, by class id."""
        return self._names

    @property
    def model_id(self) -> str:
        """File stem and the first 8 hex digits of the SHA-256 of the present network."""
        return self._current.model_id

    @property
    def input_px(self) -> tuple[int, int]:
        """Rows and columns of the present network's input."""
        return self._current.input_px

    def region_px(self, width: int, height: int) -> tuple[int, int]:
        """Return rows and columns of the input that regions of a picture of this size share."""
        return self._current.region_px(width, height)

    def detect(self, frame: Frame) -> Detections:
        """Return what is in the frame, best first.

        Raises:
            InferenceFault: the network failed, and there is none before it.
        """
        found = self._look(lambda network: network.detect(frame))
        assert isinstance(found, Detections)
        self._tell(frame, found)
        return found

    def detect_in(self, frame: Frame, regions: NDArray[np.float32]) -> Glimpse:
        """Return what is in parts of a frame.

        Raises:
            InferenceFault: the network failed, and there is none before it.
        """
        found = self._look(lambda network: network.detect_in(frame, regions))
        assert isinstance(found, Glimpse)
        return found

    def foreground(self, frame: Frame) -> NDArray[np.bool_] | None:  # noqa: ARG002 - the port
        """Return None: a network knows no background."""
        return None

    def reset(self) -> None:
        """Forget nothing: a network has no memory."""

    def swap(self, new: RegionDetector) -> None:
        """Look with another network from the next frame on; the present one stays at hand."""
        self._before = self._current
        self._use(new)

    def roll_back(self) -> None:
        """Look with the network before again; without one, nothing happens."""
        if self._before is not None:
            before, self._before = self._before, None
            self._use(before)

    def settle(self) -> None:
        """Let the network before go."""
        self._before = None

    def _use(self, network: RegionDetector) -> None:
        new = [name for name in network.names if name not in self._names]
        # a new object even where nothing is new: who looks at it learns that the network changed
        self._names = (*self._names, *new)
        self._numbers = np.asarray([self._names.index(name) for name in network.names], np.int32)
        self._current, self.looks, self.faults = network, 0, 0

    def _look(self, look: Callable[[RegionDetector], Detections | Glimpse]) -> Detections | Glimpse:
        try:
            found = look(self._current)
        except (InferenceFault, ModelError) as error:
            if not self._fail(str(error)):
                raise InferenceFault(str(error)) from error
            found = look(self._current)
        self.looks, self.faults = self.looks + 1, 0
        return self._named(found, self._numbers)

    def _fail(self, reason: str) -> bool:
        """Note a failure; return whether the network before has taken over."""
        self.faults += 1
        self._faulted(reason)
        takes_over = self._before is not None
        self.roll_back()
        return takes_over

    def _tell(self, frame: Frame, found: Detections) -> None:
        if self.seen is not None:
            self.seen(frame, found)

    def _named(
        self, found: Detections | Glimpse, numbers: NDArray[np.int32]
    ) -> Detections | Glimpse:
        if isinstance(found, Glimpse):
            return Glimpse(self._renumbered(found.found, numbers), found.cut)
        return self._renumbered(found, numbers)

    def _renumbered(self, found: Detections, numbers: NDArray[np.int32]) -> Detections:
        return Detections(found.xyxy, found.confidence, numbers[found.class_id], self._names)


class SwappingPooledDetector(SwappingDetector):
    """The same for networks that work elsewhere: who asks need not wait.

    Args:
        first: the network to begin with.
        faulted: told why a network failed on a frame.
    """

    def __init__(self, first: DeferredDetector, faulted: Callable[[str], None]) -> None:
        super().__init__(first, faulted)

    def ask(self, frame: Frame, regions: NDArray[np.float32] | None) -> Awaited:
        """Return what will be known of a frame, or of regions (k, 4) of it."""
        return _Answer(self, frame, regions)

    def put(self, frame: Frame, regions: NDArray[np.float32] | None) -> Awaited:
        """Return what the present network will know."""
        assert isinstance(self._current, DeferredDetector)
        return self._current.ask(frame, regions)

    def settled(
        self, frame: Frame, found: Detections | Glimpse | None, asked: "Asked"
    ) -> Detections | Glimpse | None:
        """Return an answer with the classes as they are numbered here; None where it was lost."""
        present = asked.network is self._current
        if found is None:
            if present:
                self.faults += 1
            return None
        if present:
            self.looks, self.faults = self.looks + 1, 0
        named = self._named(found, asked.numbers)
        if isinstance(named, Detections):
            self._tell(frame, named)
        return named

    def asked(self) -> "Asked":
        """Return whom a question goes to now."""
        return Asked(self._current, self._numbers)

    def taken_over(self, asked: "Asked", fault: str) -> bool:
        """Note that a network failed on a frame; return whether another looks now."""
        if asked.network is not self._current:
            return True
        return self._fail(fault)


class Asked(NamedTuple):
    """Who was asked, and which numbers its classes have here."""

    network: RegionDetector
    numbers: NDArray[np.int32]


class _Answer:
    """What the workers will find in a frame; a network that fails is followed by the one before."""

    def __init__(
        self, owner: SwappingPooledDetector, frame: Frame, regions: NDArray[np.float32] | None
    ) -> None:
        self._owner = owner
        self._frame = frame
        self._regions = regions
        self._asked = owner.asked()
        self._inner = owner.put(frame, regions)
        self._lost = False

    @property
    def fault(self) -> str:
        """Why the network failed on the frame; empty where it did not."""
        return self._inner.fault

    @property
    def done(self) -> bool:
        """Whether there is an answer, or none will ever come."""
        if not self._inner.done:
            return False
        fault = self._inner.fault
        if not fault or self._lost:
            return True
        if self._owner.taken_over(self._asked, fault):
            self._asked = self._owner.asked()
            self._inner = self._owner.put(self._frame, self._regions)
            return False
        self._lost = True
        return True

    def take(self) -> Detections | Glimpse | None:
        """Return the detections; None where they were lost."""
        return self._owner.settled(self._frame, self._inner.take(), self._asked)
