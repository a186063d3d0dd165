"""Noticing that a camera is away and back, with patience both ways."""

from datetime import UTC, datetime, timedelta

from contracts.observation import Observation, Phase
from edge.camera_watch import CameraWatch
from edge.episodes import EpisodeBook
from runtime.outbox import Stamp

START = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def play(seconds_with_frames: set[int], until: int) -> list[tuple[int, Observation]]:
    """Return (second, observation) for a camera that gives frames in some seconds."""
    book = EpisodeBook("b-1", ":memory:", update_every_s=10.0)
    watch = CameraWatch("c-1", None, book, offline_after_s=10.0, online_after_s=3.0)
    said = []
    for second in range(until):
        now = START + timedelta(seconds=second)
        for letter in watch.step(now, frames=second in seconds_with_frames, trouble=None):
            message = letter.compose(Stamp("x", "b-1", "0123456789abcdef", letter.channel, 0))
            assert isinstance(message, Observation)
            said.append((second, message))
    return said


def test_a_camera_that_never_answers_is_offline_after_its_patience() -> None:
    """Without a first frame the silence counts from the start of the box."""
    ((second, said),) = play(set(), 60)

    assert (second, said.phase, said.started_at) == (10, Phase.START, START)


def test_a_short_gap_says_nothing() -> None:
    """Less than offline_after_s of silence is no news."""
    assert play({0, 1, 2, 11, 12, 20}, 25) == []


def test_a_camera_that_comes_back_ends_its_episode() -> None:
    """After online_after_s of frames the episode ends, at the first of those frames."""
    said = play({0, *range(20, 40)}, 40)

    assert [(at, s.phase) for at, s in said] == [(10, Phase.START), (23, Phase.END)]
    assert START + timedelta(seconds=20) == said[1][1].ended_at
    assert said[0][1].started_at == START


def test_a_flapping_camera_stays_offline() -> None:
    """Single frames now and then are not back."""
    said = play({0, *range(20, 100, 6)}, 100)

    assert [(at, s.phase) for at, s in said] == [(10, Phase.START)]
