"""What holds for all rules at once, and is remembered for them."""

import math
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from contracts.control import Mode
from rules.errors import StateError

__all__ = ["STANDING_KEY", "ModeScope", "Shelf", "Standing"]

STANDING_KEY = "\x1fstanding"
"""Name of the standing state among the key states; no rule id begins like this."""

_SHORTEST_GAP_S = 2.0
"""Ticks come every second; a longer pause is one in which nobody was heard."""
_MOST_GAPS = 16


class Shelf(Struct, frozen=True, array_like=True):
    """Keys that say nothing new until a time."""

    rule: str | None
    """Id of the rule; None: of any."""
    key: dict[str, str]
    """Key values that must agree; empty: any."""
    until: float
    """When it ends, in arrival time."""
    reason: str = ""
    """Why, in words."""
    by: str = ""
    """Who put it there."""

    def holds(self, rule: str, key: Mapping[str, str]) -> bool:
        """Whether a key of a rule lies on it."""
        return (self.rule is None or self.rule == rule) and all(
            key.get(name) == value for name, value in self.key.items()
        )


class ModeScope(Struct, frozen=True, array_like=True):
    """A part of the city that is in a mode of its own."""

    district: str | None
    """The district; None: any."""
    grid: str | None
    """How the codes of its cells begin; None: all of the district."""
    mode: Mode

    def holds(self, district: str | None, grid: str | None) -> bool:
        """Whether a place lies in it."""
        if self.district is not None and self.district != district:
            return False
        return self.grid is None or (grid is not None and grid.startswith(self.grid))

    def within(self, district: str | None, grid: str | None) -> bool:
        """Whether it is a part of what another scope is about."""
        if district is not None and self.district != district:
            return False
        return grid is None or (self.grid is not None and self.grid.startswith(grid))


class Standing(Struct, array_like=True):
    """The engine's own state."""

    mode: Mode = Mode.NORMAL
    """平急: the mode of operation that holds in the city, where no part of it has another."""
    ticked_at: float | None = None
    """Time of the last tick; None before the first."""
    shelves: tuple[Shelf, ...] = ()
    """What is shelved, each until its time."""
    gaps: tuple[tuple[float, float], ...] = ()
    """Pauses between ticks: length in seconds and end, the latest last, each shorter than those before."""

    scopes: tuple[ModeScope, ...] = ()
    """Parts of the city that are in another mode than what is around them."""

    def mode_at(self, district: str | None, grid: str | None) -> Mode:
        """Return the mode that holds at a place: that of the narrowest part of the city that it lies in.

        Args:
            district: its district; None: not known.
            grid: code of its cell; None: not known.
        """
        found = [one for one in self.scopes if one.holds(district, grid)]
        if not found:
            return self.mode
        return max(found, key=lambda one: (len(one.grid or ""), one.district is not None)).mode

    def switch(self, mode: Mode, district: str | None, grid: str | None) -> None:
        """Put a mode in force in the city or a part of it; what was said of parts of that is over."""
        self.scopes = tuple(one for one in self.scopes if not one.within(district, grid))
        if district is None and grid is None:
            self.mode = mode
        else:
            self.scopes = (*self.scopes, ModeScope(district, grid, mode))
        if all(one.mode is self.mode for one in self.scopes):
            self.scopes = ()

    def tick(self, now: float) -> None:
        """Take note of a tick and of the pause before it."""
        pause = 0.0 if self.ticked_at is None else now - self.ticked_at
        if pause >= _SHORTEST_GAP_S:
            longer = tuple(gap for gap in self.gaps if gap[0] > pause)
            self.gaps = (*longer, (pause, now))[-_MOST_GAPS:]
        self.ticked_at = now

    def take_expired(self, now: float) -> list[Shelf]:
        """Return the shelves that end by ``now``, and forget them."""
        expired = [shelf for shelf in self.shelves if shelf.until <= now]
        if expired:
            self.shelves = tuple(shelf for shelf in self.shelves if shelf.until > now)
        return expired

    def resumed_at(self, after_s: float) -> float:
        """Return when the engine was last back from a pause that matters to a wait of ``after_s``.

        A gateway that was down for an hour has heard nobody for an hour; that is no silence of the
        sensors. Pauses up to half the wait do not matter.
        """
        for pause, end in reversed(self.gaps):
            if pause > after_s / 2:
                return end
        return -math.inf

    def shelved(self, rule: str, key: Mapping[str, str]) -> bool:
        """Whether a key of a rule lies on a shelf."""
        return any(shelf.holds(rule, key) for shelf in self.shelves)

    def encode(self) -> bytes:
        """Return the state as bytes; equal states give equal bytes."""
        return _ENCODER.encode(self)

    @staticmethod
    def decode(blob: bytes) -> "Standing":
        """Return the state in a snapshot.

        Raises:
            StateError: the bytes are none.
        """
        try:
            return _DECODER.decode(blob)
        except msgspec.DecodeError as failure:
            msg = f"standing state: not a snapshot ({failure}); start without it"
            raise StateError(msg) from failure


_ENCODER = msgspec.msgpack.Encoder(order="deterministic")
_DECODER = msgspec.msgpack.Decoder(Standing)
