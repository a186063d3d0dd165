"""One field of one sensor as snapshots have it: the state of its gates and their trail.

A file of its own, which is never compiled: compiled classes keep no types of their fields, so that
nothing could be read back into them.
"""

from msgspec.structs import astuple

from rules.quality.gate import GateState

__all__ = ["GateSnapshot", "Odds", "TrailSnapshot"]

Odds = list[tuple[float, float, float]]
"""Event time, arrival and excuse of values for which these mattered."""
TrailSnapshot = tuple[float, float, int, bytes | None, bytes | None, bytes, Odds]
"""Floor, time of the state in the midst, where it stands, both states, rows, odd values."""


class GateSnapshot(GateState, frozen=True, array_like=True):
    """A state as snapshots have it."""

    trail: TrailSnapshot | None = None
    """None in snapshots from before there were trails."""

    def state(self) -> GateState:
        """Return the state alone."""
        return GateState(*astuple(self)[:-1])
