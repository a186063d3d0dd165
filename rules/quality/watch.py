"""The gates of one sensor, with what they remember of it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec import Struct

from rules.quality.calm_gate import CalmGate
from rules.quality.excuse import Grounds
from rules.quality.gate import QualityGate
from rules.quality.sensor_memory import SensorMemory

__all__ = ["GateSet", "Watch", "is_sole", "plain_memories"]


class GateSet(Struct, frozen=True):
    """The gates that one rule declares."""

    rule: str
    gates: Mapping[str, Mapping[str, QualityGate]]
    """By profile and field."""


class Watch(NamedTuple):
    """One rule's gates of one sensor, and what they remember, both by field."""

    rule: str
    gates: Mapping[str, CalmGate]
    memories: dict[str, SensorMemory]
    grounds: Grounds | None
    """What excuses its values where they stand still, or condemns them where they creep."""
    testifies: Grounds | None
    """What it testifies to itself."""


def plain_memories(watches: Sequence[Watch], field: str) -> tuple[SensorMemory, ...] | None:
    """Return the memories of a sensor's only field, in the order in which they are asked.

    None where more than they decides, or where what they pass is not the value that came.
    """
    found: list[SensorMemory] = []
    for watch in watches:
        gate, memory = watch.gates.get(field), watch.memories.get(field)
        if gate is None or memory is None or gate.smooths or watch.testifies:
            return None
        if watch.grounds and gate.excuses_calm:
            return None
        found.append(memory)
    return tuple(found)


def is_sole(watches: Sequence[Watch], field: str) -> bool:
    """Whether the gates of one rule alone decide what rules may see of a field; others may mark it."""
    return sum(field in one.gates and one.gates[field].withholds for one in watches) <= 1
