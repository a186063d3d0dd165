"""Series of values for the tests of the gates, and feeding one with the other."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import rules.quality
from contracts.quality import QualityFlag
from rules.quality.gate import GateState, QualityGate, Verdict
from rules.quality.section import QualityDefaults, compile_quality, read_defaults
from rules.quality.timed_value import TimedValue
from runtime.yaml_document import load_document

T0 = 1_700_000_000.0

StateT = TypeVar("StateT")


class Gate(Protocol[StateT]):
    """What every gate is."""

    def judge(
        self, state: StateT | None, reading: TimedValue, now: float, /
    ) -> tuple[StateT | None, QualityFlag]:
        """Return the new state and the flag."""
        ...


class SectionFault(Exception):
    """What the tests' ``error`` callable makes: the path and the message."""

    def __init__(self, path: Sequence[str | int], message: str) -> None:
        self.path = tuple(path)
        self.message = message
        super().__init__(f"{self.path}: {message}")


def defaults() -> QualityDefaults:
    """Return the defaults that ship."""
    document = load_document(Path(rules.quality.__file__).parent / "defaults.yaml")
    return read_defaults(document.data, document.error)


def gate(profile: str = "water_level", field: str = "depth_m", **section: Any) -> QualityGate:
    """Return the gates of one field, from a section as written; ``raise_`` stands for ``raise``."""
    written = {name.removesuffix("_"): part for name, part in section.items()}
    compiled = compile_quality(written, SectionFault, profiles=[profile], defaults=defaults())
    return compiled[profile][field]


def values(numbers: Iterable[float], *, every_s: float = 10.0) -> list[TimedValue]:
    """Return an even series that begins at T0."""
    return [TimedValue(T0 + index * every_s, value) for index, value in enumerate(numbers)]


def flags_of(one: Gate[Any], series: Iterable[TimedValue]) -> list[int]:
    """Return the flags that a gate gives to values that arrive at once."""
    state: Any = None
    found: list[int] = []
    for reading in series:
        state, flag = one.judge(state, reading, reading.at)
        found.append(int(flag))
    return found


def verdicts_of(
    gates: QualityGate, series: Iterable[TimedValue], *, lag_s: float = 0.0
) -> tuple[GateState | None, list[Verdict]]:
    """Return the last state and the verdicts on values that arrive after ``lag_s``."""
    state: GateState | None = None
    found: list[Verdict] = []
    for reading in series:
        state, verdict = gates.judge(state, reading, reading.at + lag_s)
        found.append(verdict)
    return state, found
