"""The storm's own truth against the API's events: was any timer reset?"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from contracts.levels import Level
from simulators.scenario import build_scenario
from simulators.truth import ExpectedEvent, LadderStep, expected_events

__all__ = ["FLOOD_LADDER", "compare_with_truth", "storm_truth"]

FLOOD_LADDER = (
    LadderStep(level=Level.BLUE, raise_at=0.15, clear_below=0.12, for_s=60.0),
    LadderStep(level=Level.YELLOW, raise_at=0.27, clear_below=0.23, for_s=30.0),
    LadderStep(level=Level.RED, raise_at=0.40, clear_below=0.35, for_s=20.0),
)
"""The ladder of ``rules/packs/flood.yaml``, rule ``waterlogging``; a test holds the two together."""


def storm_truth(seed: int, until_s: float) -> list[ExpectedEvent]:
    """Return the ponding episodes that a storm's readings up to ``until_s`` must lead to."""
    return expected_events(build_scenario("rainstorm", seed), FLOOD_LADDER, until_s=until_s)


def compare_with_truth(
    expected: Iterable[ExpectedEvent],
    revisions: Iterable[Mapping[str, Any]],
    start_at: datetime,
) -> list[str]:
    """Return every difference in words; an empty list means that no timer was reset or skipped.

    Each episode must have its onset, and each change of level its moment, to the millisecond.

    Args:
        expected: what the simulator worked out by itself.
        revisions: every revision of every ponding event at the API.
        start_at: moment of the scenario's second 0.
    """
    told: dict[tuple[str, int], list[tuple[int, str, str]]] = {}
    for body in sorted(revisions, key=lambda body: int(body["rev"])):
        onset_ms = _elapsed_ms(body["onset_at"], start_at)
        level = "end" if body["phase"] == "end" else str(body["level"])
        at_ms = _elapsed_ms(body["at"], start_at)
        told.setdefault((str(body["subject"]), onset_ms), []).append(
            (at_ms, level, str(body["event_id"]))
        )
    differences: list[str] = []
    for episode in expected:
        onset_ms = round(episode.onset_s * 1000)
        want = [
            (round(change.at_s * 1000), "end" if change.level is None else change.level.value)
            for change in episode.changes
        ]
        have = [(at, level) for at, level, _ in told.pop((episode.subject, onset_ms), [])]
        if have != want:
            name = f"{episode.subject} onset {episode.onset_s:.1f} s"
            differences.append(f"{name}: expected {want}, the API has {have}")
    differences.extend(
        f"{subject} onset {onset / 1000:.1f} s: the API has {changes}, the storm does not"
        for (subject, onset), changes in told.items()
    )
    return differences


def _elapsed_ms(moment: str, start_at: datetime) -> int:
    return round((datetime.fromisoformat(moment) - start_at).total_seconds() * 1000)
