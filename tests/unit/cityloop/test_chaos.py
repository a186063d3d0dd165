"""The parts of a chaos run that need no process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from cityloop.chaos.plan import TARGETS, ChaosSettings, draw_kills
from cityloop.chaos.truth import FLOOD_LADDER, compare_with_truth
from contracts.levels import Level
from simulators.truth import ExpectedEvent, LevelChange

ROOT = Path(__file__).parents[3]
START = datetime(2026, 7, 1, tzinfo=UTC)
EPISODE = ExpectedEvent(
    subject="wl-01",
    onset_s=100.0,
    changes=(LevelChange(160.0, Level.BLUE), LevelChange(500.0, None)),
    ended_s=500.0,
)


def _revision(rev: int, at_s: float, phase: str) -> dict[str, object]:
    return {
        "event_id": "e",
        "rev": rev,
        "subject": "wl-01",
        "onset_at": (START + timedelta(seconds=100)).isoformat(),
        "at": (START + timedelta(seconds=at_s)).isoformat(),
        "phase": phase,
        "level": "blue",
    }


def test_kills_are_a_function_of_the_seed() -> None:
    """Equal seeds kill at equal moments, others do not."""
    first, again, other = (
        draw_kills(ChaosSettings(kills=8, seed=seed, rate=1.0)) for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other
    assert [kill.target for kill in first] == [*TARGETS, *TARGETS]


def test_events_at_the_true_moments_differ_in_nothing() -> None:
    """An API that has the storm's onsets and changes leaves no difference."""
    revisions = [_revision(0, 160.0, "open"), _revision(1, 500.0, "end")]

    assert compare_with_truth([EPISODE], revisions, START) == []


def test_a_timer_that_was_reset_is_told() -> None:
    """A change two samples late is one difference, with both moments in it."""
    revisions = [_revision(0, 160.0, "open"), _revision(1, 520.0, "end")]

    (difference,) = compare_with_truth([EPISODE], revisions, START)

    assert "500000" in difference
    assert "520000" in difference


def test_an_episode_that_never_was_is_told() -> None:
    """An event that the storm did not cause is one difference."""
    revisions = [_revision(0, 160.0, "open"), _revision(1, 500.0, "end")]

    assert len(compare_with_truth([], revisions, START)) == 1


def test_the_truths_ladder_is_the_packs() -> None:
    """Thresholds and durations are those of rules/packs/flood.yaml."""
    rules = yaml.safe_load((ROOT / "rules" / "packs" / "flood.yaml").read_text("utf-8"))["rules"]
    (ladder,) = (rule["ladder"] for rule in rules if rule["id"] == "waterlogging")

    told = [
        (
            step.level.value,
            f"depth_m >= {step.raise_at * 100:.0f} cm",
            f"depth_m < {step.clear_below * 100:.0f} cm",
            f"{step.for_s:.0f}s",
            f"{step.clear_for_s / 60:.0f}m",
        )
        for step in FLOOD_LADDER
    ]

    assert told == [
        tuple(step[name] for name in ("level", "when", "clear", "for", "clear_for"))
        for step in ladder
    ]
