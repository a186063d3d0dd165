"""Open episodes: revisions, updates, and ends that come even after a crash."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contracts.observation import Observation, ObservationKind, OriginalClip, Phase
from edge.episodes import EpisodeBook, EpisodeKey
from runtime.outbox import Letter, Stamp

AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
KEY = EpisodeKey("c-1", ObservationKind.ZONE_PRESENCE, "lane", 7)

CLIP = OriginalClip(
    sha256="a" * 64,
    media_type="video/mp4",
    size_bytes=1,
    starts_at=AT,
    ends_at=AT,
    expires_at=AT,
)


def after(seconds: float) -> datetime:
    """Return a moment after the start."""
    return AT + timedelta(seconds=seconds)


def read(letter: Letter) -> Observation:
    """Return the observation in a letter."""
    message = letter.compose(Stamp("x", "b-1", "0123456789abcdef", letter.channel, 0))
    assert isinstance(message, Observation)
    return message


@pytest.fixture
def book(tmp_path: Path) -> EpisodeBook:
    """Return an empty book."""
    return EpisodeBook("b-1", tmp_path / "episodes", update_every_s=10.0)


def test_an_episode_keeps_its_id_and_counts_its_revisions(book: EpisodeBook) -> None:
    """Start, update and end are revisions 0, 1 and 2 of one observation."""
    start = read(book.begin(KEY, at=AT, started_at=after(-1.0), zone="lane"))
    update = book.advance(KEY, at=after(10.0), dwell_s=11.0)
    assert update is not None
    end = read(book.end(KEY, at=after(12.0), ended_at=after(11.5), dwell_s=12.5))

    assert [(said.rev, said.phase) for said in (start, read(update), end)] == [
        (0, Phase.START),
        (1, Phase.UPDATE),
        (2, Phase.END),
    ]
    assert len({start.observation_id, read(update).observation_id, end.observation_id}) == 1
    assert (after(-1.0), after(11.5), 12.5) == (end.started_at, end.ended_at, end.dwell_s)


def test_updates_are_not_more_frequent_than_asked(book: EpisodeBook) -> None:
    """Between two updates lie at least update_every_s seconds."""
    book.begin(KEY, at=AT, started_at=AT)
    told = [n for n in range(1, 31) if book.advance(KEY, at=after(n)) is not None]

    assert told == [10, 20, 30]


def test_a_crossing_starts_and_ends_at_once(book: EpisodeBook) -> None:
    """A flash is two statements of one moment, and leaves nothing open."""
    said = [read(letter) for letter in book.flash(KEY, at=AT, line="gate", direction="forward")]

    assert [(s.rev, s.phase, s.at) for s in said] == [(0, Phase.START, AT), (1, Phase.END, AT)]
    assert frozenset() == book.open_keys


def test_what_a_crash_leaves_open_is_ended_at_the_next_start(tmp_path: Path) -> None:
    """A new book over the same file ends the episode with a higher revision, once."""
    path = tmp_path / "episodes"
    book = EpisodeBook("b-1", path, update_every_s=10.0)
    start = read(book.begin(KEY, at=AT, started_at=AT, zone="lane", label="car"))
    book.advance(KEY, at=after(10.0), dwell_s=10.0)
    book.save()
    # no close: the process is gone
    again = EpisodeBook("b-1", path, update_every_s=10.0)
    (end,) = [read(letter) for letter in again.recover(after(100.0))]
    again.forget()

    assert (start.observation_id, 2, Phase.END) == (end.observation_id, end.rev, end.phase)
    assert (after(100.0), after(10.0)) == (end.at, end.ended_at)
    assert (end.zone, end.label, end.dwell_s) == ("lane", "car", 10.0)
    assert EpisodeBook("b-1", path, update_every_s=10.0).recover(after(200.0)) == []


def test_an_end_is_told_again_when_the_crash_came_before_it_was_safe(tmp_path: Path) -> None:
    """Until forget() an ended episode stays in the book: an end too many, never one too few."""
    path = tmp_path / "episodes"
    book = EpisodeBook("b-1", path, update_every_s=10.0)
    book.begin(KEY, at=AT, started_at=AT)
    book.save()
    first = read(book.end(KEY, at=after(5.0), ended_at=after(5.0)))

    (again,) = EpisodeBook("b-1", path, update_every_s=10.0).recover(after(9.0))
    assert first.observation_id == read(again).observation_id


def test_no_revision_says_two_things_however_often_it_dies(tmp_path: Path) -> None:
    """Ends told by runs that died before they struck them out have ever higher revisions."""
    path = tmp_path / "episodes"
    book = EpisodeBook("b-1", path, update_every_s=10.0)
    book.begin(KEY, at=AT, started_at=AT)
    book.save()
    said = [read(book.end(KEY, at=after(5.0), ended_at=after(5.0)))]
    book.save()
    for boot in range(1, 4):
        # the end was told, the process is gone before it was struck out
        again = EpisodeBook("b-1", path, update_every_s=10.0)
        said += [read(letter) for letter in again.recover(after(100.0 * boot))]
        again.save()

    assert [one.rev for one in said] == [1, 2, 3, 4]


def test_a_clip_is_told_once_by_an_update_or_a_second_end(book: EpisodeBook) -> None:
    """While the episode lasts an update carries it, afterwards its end, and nothing does twice."""
    book.begin(KEY, at=AT, started_at=AT)
    name = book.expect_clip(KEY)
    update = book.attach_clip(name, at=after(3.0), evidence=None, original=CLIP)
    again = book.attach_clip(name, at=after(4.0), evidence=None, original=CLIP)
    later = book.expect_clip(KEY)
    end = read(book.end(KEY, at=after(5.0), ended_at=after(5.0)))
    second = book.attach_clip(later, at=after(9.0), evidence=None, original=CLIP)
    assert update is not None
    assert second is not None

    assert (
        read(update).phase,
        read(update).rev,
        read(update).original_clip,
    ) == (Phase.UPDATE, 1, CLIP)
    assert again is None
    assert (Phase.END, end.rev + 1, end.ended_at) == (
        read(second).phase,
        read(second).rev,
        read(second).ended_at,
    )


def test_a_finished_episode_is_not_told_again(tmp_path: Path) -> None:
    """After forget() nothing is left to recover."""
    path = tmp_path / "episodes"
    book = EpisodeBook("b-1", path, update_every_s=10.0)
    book.begin(KEY, at=AT, started_at=AT)
    book.save()
    book.end(KEY, at=after(5.0), ended_at=after(5.0))
    book.forget()

    assert EpisodeBook("b-1", path, update_every_s=10.0).recover(after(9.0)) == []


def test_an_end_never_lies_before_its_start(book: EpisodeBook) -> None:
    """An end moment from before the start is moved to the start."""
    book.begin(KEY, at=AT, started_at=AT)

    assert read(book.end(KEY, at=AT, ended_at=after(-5.0))).ended_at == AT
