"""What must come of a scenario: the events that a ladder of thresholds has to find.

Written on its own from the definition of a ladder, sharing no code with the rule engine, so that the two
can be held against each other. Source: design document rules-example.yaml, rule ``waterlogging``.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from contracts.levels import Level, level_rank
from simulators.scenario import Scenario

__all__ = [
    "WATERLOGGING",
    "ExpectedEvent",
    "LadderStep",
    "LevelChange",
    "expected_episodes",
    "expected_events",
]

_SLACK_S = 1e-6


class LadderStep(Struct, frozen=True, kw_only=True):
    """One step of a ladder; thresholds in the value's base unit.

    On after ``value >= raise_at`` for ``for_s``, off after ``value < clear_below`` for ``clear_for_s``.
    """

    level: Level
    raise_at: float
    clear_below: float
    for_s: float = 60.0
    clear_for_s: float = 300.0


WATERLOGGING: tuple[LadderStep, ...] = (
    LadderStep(level=Level.BLUE, raise_at=0.15, clear_below=0.12),
    LadderStep(level=Level.YELLOW, raise_at=0.27, clear_below=0.23),
    LadderStep(level=Level.RED, raise_at=0.40, clear_below=0.35),
)
"""积水 in metres: 15, 27 and 40 cm up, 12, 23 and 35 cm down. Source: rules-example.yaml."""


class LevelChange(Struct, frozen=True):
    """From this second of the scenario on an episode had this level; None is its end."""

    at_s: float
    level: Level | None


class ExpectedEvent(Struct, frozen=True, kw_only=True):
    """One episode. ``onset_s`` is the first sample of the breach, ``changes`` begins with the opening.

    ``ended_s`` is None where the samples stop before the episode does.
    """

    subject: str
    onset_s: float
    changes: tuple[LevelChange, ...]
    ended_s: float | None

    @property
    def peak(self) -> Level:
        """The gravest level it reached."""
        levels = [change.level for change in self.changes if change.level is not None]
        return max(levels, key=level_rank)


class _Step:
    """One step's state while samples go by."""

    def __init__(self, step: LadderStep) -> None:
        self.step = step
        self.on = False
        self.since_s: float | None = None
        self.onset_s = 0.0

    def take(self, at_s: float, value: float) -> None:
        holds = value < self.step.clear_below if self.on else value >= self.step.raise_at
        if not holds:
            self.since_s = None
            return
        if self.since_s is None:
            self.since_s = at_s
        needed_s = self.step.clear_for_s if self.on else self.step.for_s
        if at_s - self.since_s >= needed_s - _SLACK_S:
            if not self.on:
                self.onset_s = self.since_s
            self.on, self.since_s = not self.on, None


def expected_episodes(
    subject: str, samples: Iterable[tuple[float, float]], ladder: Sequence[LadderStep]
) -> list[ExpectedEvent]:
    """Return the episodes in one subject's samples.

    Steps run side by side; the level is that of the highest step that is on, and an episode lasts
    while any is. Changes are stated at the sample that completes the step's time.

    Args:
        subject: whose samples they are.
        samples: (second of the scenario, value) in rising order of time.
        ladder: steps in ascending order.
    """
    steps = [_Step(step) for step in ladder]
    episodes: list[ExpectedEvent] = []
    changes: list[LevelChange] = []
    onset_s = 0.0
    level: Level | None = None
    for at_s, value in samples:
        for step in steps:
            step.take(at_s, value)
        now = max((step.step.level for step in steps if step.on), key=level_rank, default=None)
        if now == level:
            continue
        if level is None:
            onset_s = min(step.onset_s for step in steps if step.on)
        changes.append(LevelChange(at_s, now))
        level = now
        if level is None:
            episodes.append(_episode(subject, onset_s, changes, at_s))
            changes = []
    if changes:
        episodes.append(_episode(subject, onset_s, changes, None))
    return episodes


def _episode(
    subject: str, onset_s: float, changes: list[LevelChange], ended_s: float | None
) -> ExpectedEvent:
    return ExpectedEvent(subject=subject, onset_s=onset_s, changes=tuple(changes), ended_s=ended_s)


def expected_events(
    scenario: Scenario,
    ladder: Sequence[LadderStep] = WATERLOGGING,
    *,
    until_s: float | None = None,
) -> list[ExpectedEvent]:
    """Return the waterlogging events of a scenario, by subject, from the readings as sent.

    Args:
        scenario: the scenario.
        ladder: the steps to judge by.
        until_s: second of the scenario where the readings stop; its duration where None.
    """
    limit_s = scenario.duration_s if until_s is None else until_s
    events: list[ExpectedEvent] = []
    for subject in scenario.subjects:
        if subject.profile != "water_level":
            continue
        samples: list[tuple[float, float]] = []
        index = 0
        while (at_s := scenario.elapsed_s(subject, index)) <= limit_s:
            samples.append((at_s, float(scenario.measure(subject, index)["depth_m"])))
            index += 1
        events.extend(expected_episodes(subject.subject, samples, ladder))
    return events
