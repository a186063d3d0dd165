"""What the gates of one field of one sensor remember, while nothing is wrong and when it is."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rules.quality.gate import GateState
from rules.quality.gate_trail import GateTrail

if TYPE_CHECKING:
    from rules.quality.calm_gate import CalmGate

__all__ = ["FIRST", "RESTLESS", "SECOND", "SETTLED", "Extremes", "Passes", "SensorMemory"]

Extremes = tuple[tuple[float, float], ...]
"""Value and time of the value after it, as :class:`rules.quality.stuck_gate.Extreme` has them."""
Passes = Callable[["SensorMemory", float, float, float], float | None]
"""Takes memory, event time, value and arrival; see :class:`rules.quality.calm_gate.CalmGate`."""
RESTLESS: Final = 0
"""Something is out of the ordinary; the plain gates judge."""
SETTLED: Final = 1
"""All is well."""
SECOND: Final = 2
"""All is well, but what comes before the newest value was the first: nobody knows if it was a spike."""
FIRST: Final = 3
"""There was one value; one less with each that passes."""
_NO_MEANS: tuple[tuple[float, ...], int] = ((), 0)


def _nothing_passes(_memory: "SensorMemory", _at: float, _value: float, _now: float) -> None:
    """Be the common case where there are no gates yet: there is none."""


class SensorMemory:
    """The memory of one field of one sensor, in whichever of two forms is in use.

    ``frozen`` is the state as the plain gates know it. While ``calm`` is not ``RESTLESS`` the numbers
    beside it stand for that state instead: nothing was found wrong lately, and all gates saw the same
    last value at the same time.
    """

    __slots__ = (
        "at",
        "before",
        "calm",
        "count",
        "dirty",
        "excused",
        "frozen",
        "gate",
        "highs",
        "key",
        "last",
        "longest_s",
        "lows",
        "means",
        "median",
        "moves",
        "pace_since",
        "passes",
        "patience_s",
        "since",
        "span",
        "total",
        "trail",
        "usual_s",
    )

    def __init__(self, rule: str, subject: str, field: str) -> None:
        self.key = (rule, subject, field)
        self.gate: CalmGate | None = None
        """The gates in force; None before the first."""
        self.passes: Passes = _nothing_passes
        """The common case of these gates."""
        self.frozen: GateState | None = None
        self.calm = RESTLESS
        self.dirty = False
        """Whether it changed since it was last saved."""
        self.excused = -math.inf
        """Up to when standing still is no fault, as the last value was told; not saved."""
        self.at = 0.0
        """Event time of the newest value."""
        self.last = 0.0
        self.before = 0.0
        """The newest value and the one before it."""
        self.since = 0.0
        """When the stretch within the tolerance of ``stuck`` began."""
        self.lows: Extremes = ()
        self.highs: Extremes = ()
        """Extremes of that stretch, without the newest value, which is always the last of both."""
        self.pace_since = 0.0
        self.moves = 0
        self.longest_s = 0.0
        self.usual_s = math.inf
        """How long it usually stands still, as :class:`rules.quality.still_pace.StillPace` has it."""
        self.patience_s = math.inf
        """How long the value may stand still before it is out of the ordinary; reckoned, not saved."""
        self.span = 0
        self.total = 0.0
        self.count = 0
        """The running span of ``drift``."""
        self.means = _NO_MEANS
        """Means of the spans before it, and the flag that they give."""
        self.median: tuple[float, ...] = ()
        self.trail = GateTrail()
        """The latest values, for late ones to be put among them."""
