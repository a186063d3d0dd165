"""What the gates of one field of one sensor saw lately, so that a late value can be put in its place.

The values since a state of the gates, and that state as bytes; in the midst of them a second state,
from which the trail goes on when it has become long enough. A calm sensor thus pays for appending a
few numbers, and for one state in ten minutes or 32 values.
"""

import math
from collections.abc import Mapping
from struct import Struct
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from rules.quality.gate import GateState
from rules.quality.gate_snapshot import TrailSnapshot
from rules.quality.timed_value import TimedValue

__all__ = ["REACH_S", "GateTrail", "Row", "pack_row"]

REACH_S: Final = 600.0
"""How far back a late value is put in its place, in seconds, at most twice so far. Source: ``rules.rule.LATE_S``."""
_HALF: Final = 32
"""Most values between two states."""
_NEWEST: Final = 4
"""Most values that stand beside the others."""
_ROW: Final = Struct("2d")
pack_row = _ROW.pack
"""Makes the bytes of one row: event time and value."""
_NONE_ODD: Final[Mapping[float, tuple[float, float]]] = MappingProxyType({})
_ENCODE: Final = msgspec.msgpack.Encoder(order="deterministic").encode
_DECODE: Final = msgspec.msgpack.Decoder(GateState).decode


class Row(NamedTuple):
    """One value as it came."""

    at: float
    value: float
    arrived: float
    """NaN where its time was ahead of its arrival and set to it."""
    excused_until: float = -math.inf

    @property
    def reading(self) -> TimedValue:
        """What gates are asked about."""
        return TimedValue(self.at, self.value, math.isnan(self.arrived), self.excused_until)

    @property
    def now(self) -> float:
        """When it arrived."""
        return self.at if math.isnan(self.arrived) else self.arrived


class GateTrail:
    """The latest values of one field of one sensor, in order of event time."""

    __slots__ = (
        "_base",
        "_kept",
        "_middle",
        "_middle_at",
        "_odd",
        "_split",
        "due_at",
        "floor",
        "newest",
        "room",
    )

    def __init__(self) -> None:
        self._kept = b""
        """The values after ``floor``, 16 bytes each, without the newest ones."""
        self.newest = b""
        """The newest ones: to add one more to all would copy a kilobyte."""
        self._odd: Mapping[float, tuple[float, float]] = _NONE_ODD
        """Arrival and excuse of those values for which they matter, by event time."""
        self.floor = -math.inf
        """Nothing from before can be put in its place."""
        self._base: bytes | None = None
        self._middle: bytes | None = None
        self._middle_at = -math.inf
        self._split = 0
        self.room = 0
        self.due_at = -math.inf
        """When ``newest`` is so long, or event time so late, :meth:`is_due` is to be asked."""

    @property
    def rows(self) -> bytes:
        """The values after ``floor``, 16 bytes each."""
        return self._kept + self.newest

    def note(self, at: float, value: float) -> bool:
        """Add a value that is newer than all others; return whether :meth:`turn` is due."""
        self.newest += pack_row(at, value)
        return (at >= self.due_at or len(self.newest) >= self.room) and self.is_due(at)

    def is_due(self, at: float) -> bool:
        """Make room for newer values; return whether :meth:`turn` is due.

        Args:
            at: event time of the newest value.
        """
        self._lay(self.rows)
        return at >= self.due_at or self.room <= 0

    def mind(self, at: float, arrived: float, excused_until: float) -> None:
        """Keep in mind when a value arrived, or what excused it: the gates had something to say of that."""
        self._odd = {**self._odd, at: (arrived, excused_until)}

    def turn(self, at: float, state: object) -> None:
        """Forget the older half.

        Args:
            at: event time of the newest value.
            state: the state of the gates after it, in whatever form has its bytes.
        """
        rows = self.rows[self._split :]
        self._base, self.floor = self._middle, self._middle_at
        if self._odd:
            self._odd = {odd: one for odd, one in self._odd.items() if odd > self.floor}
        self._middle, self._middle_at, self._split = _ENCODE(state), at, len(rows)
        self._lay(rows)

    def bar(self, at: float, state: object) -> None:
        """Begin anew after a value that is not to be gone back behind, or with other gates."""
        self._split, self._odd = 0, _NONE_ODD
        self._base = self._middle = None if state is None else _ENCODE(state)
        self.floor = self._middle_at = at
        self._lay(b"")

    def _lay(self, rows: bytes) -> None:
        """Keep rows, and reckon when to look at them again."""
        self._kept, self.newest = rows, b""
        self.room = min(_NEWEST * _ROW.size, self._split + _HALF * _ROW.size - len(rows))
        self.due_at = self._middle_at + REACH_S

    def since(self, at: float) -> tuple[GateState | None, list[Row]]:
        """Return a state from before a moment, and the values since that state."""
        blob, first = self._base, 0
        if at > self._middle_at:
            blob, first = self._middle, self._split
        odd = self._odd
        rows = [
            Row(at, value, *odd.get(at, (at, -math.inf)))
            for at, value in _ROW.iter_unpack(self.rows[first:])
        ]
        return None if blob is None else _DECODE(blob), rows

    def insert(self, row: Row) -> None:
        """Put a value in its place."""
        rows = list(_ROW.iter_unpack(self.rows))
        index = next((i for i, cells in enumerate(rows) if cells[0] > row.at), len(rows))
        place = index * _ROW.size
        before, after = self.rows[:place], self.rows[place:]
        self.mind(row.at, row.arrived, row.excused_until)
        if row.at <= self._middle_at:
            self._split += _ROW.size
        self._lay(before + pack_row(row.at, row.value) + after)

    def correct(self, at: float, state: GateState) -> None:
        """Take over the state after a value, where it is the one in the midst."""
        if at == self._middle_at:
            self._middle = _ENCODE(state)

    def snapshot(self) -> TrailSnapshot:
        """Return what :meth:`restore` takes back."""
        odd = [(at, *self._odd[at]) for at in sorted(self._odd)]
        return (self.floor, self._middle_at, self._split, self._base, self._middle, self.rows, odd)

    def restore(self, snapshot: TrailSnapshot) -> None:
        """Take back a snapshot."""
        self.floor, self._middle_at, self._split = snapshot[:3]
        self._base, self._middle, rows = snapshot[3:6]
        self._odd = {at: (arrived, excused_until) for at, arrived, excused_until in snapshot[6]}
        self._lay(rows)
