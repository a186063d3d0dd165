"""What holds for all rules at once, and is remembered for them."""

import math
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from contracts.control import Mode
from rules.errors import StateError

__all__ = ["STANDING_KEY", "Shelf", "Standing"]

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

    def holds(self, rule: str, key: Mapping[str, str]) -> bool:
        """Whether a key of a rule lies on it."""
        return (self.rule is None or self.rule == rule) and all(
            key.get(name) == value for name, value in self.key.items()
        )


class Standing(Struct, array_like=True):
    """The engine's own state."""

    mode: Mode = Mode.NORMAL
    """平急: the mode of operation that holds."""
    ticked_at: float | None = None
    """Time of the last tick; None before the first."""
    shelves: tuple[Shelf, ...] = ()
    """What is shelved, each until its time."""
    gaps: tuple[tuple[float, float], ...] = ()
    """Pauses between ticks: length in seconds and end, the latest last, each shorter than those before."""

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
