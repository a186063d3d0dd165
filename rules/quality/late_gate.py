"""Late 迟到: values that arrived long after they were measured."""

from msgspec import Struct

from contracts.quality import QualityFlag
from rules.quality.timed_value import TimedValue

__all__ = ["LateGate"]


class LateGate(Struct, frozen=True):
    """A late value is as good as it was, but not news: suspect. Source: expert setting."""

    max_s: float
    """How long a value may be under way, seconds."""

    def judge(self, state: None, reading: TimedValue, now: float) -> tuple[None, QualityFlag]:
        """Return the flag of a reading that arrived at ``now``; nothing is remembered."""
        late = now - reading.at > self.max_s
        return state, QualityFlag.SUSPECT if late else QualityFlag.PASS
