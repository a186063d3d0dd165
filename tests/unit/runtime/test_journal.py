"""The journal: one order, nothing committed is lost, nothing is invented, damage is told."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.errors import JournalBroken, Permanent, StoreLocked
from runtime.journal import Journal, JournalKind, JournalRecord, read_journal
from runtime.journal_format import HEADER_BYTES, MAX_BODY_BYTES

Entry = tuple[JournalKind, int, str, bytes]

_entries = st.tuples(
    st.sampled_from(list(JournalKind)),
    st.integers(-(2**40), 2**60),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=60),
)
_batches = st.lists(st.lists(_entries, min_size=1, max_size=5), min_size=1, max_size=8)


def entry(number: int, size: int = 20) -> Entry:
    """Return an entry that is told from others by its number."""
    return (JournalKind.MESSAGE, 1_000_000 * number, f"t/{number}", b"%d" % number * size)


def record(offset: int, entry: Entry) -> JournalRecord:
    """Return the record that an entry becomes at an offset."""
    return JournalRecord(offset, entry[1], entry[0], entry[2], entry[3])


def records(batches: list[list[Entry]]) -> list[JournalRecord]:
    """Return what a journal must hold after these batches."""
    flat = [one for batch in batches for one in batch]
    return [record(offset, one) for offset, one in enumerate(flat)]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """Yield an empty journal with small segments."""
    opened = Journal(tmp_path / "j", segment_bytes=400, budget_bytes=1000)
    yield opened
    opened.close()


def test_an_empty_journal_begins_at_zero(journal: Journal) -> None:
    """Nothing is there, and the next offset is 0."""
    assert list(journal.read()) == []
    assert (journal.first_offset, journal.end_offset) == (0, 0)


def test_offsets_are_consecutive_over_batches_and_segments(journal: Journal) -> None:
    """Each append returns its first offset; reading returns all in that order."""
    firsts = [journal.append([entry(2 * n), entry(2 * n + 1)]) for n in range(20)]

    assert list(range(0, 40, 2)) == firsts
    assert [record(n, entry(n)) for n in range(40)] == list(journal.read())
    assert len(list(journal.directory.glob("*.journal"))) > 3


def test_appending_nothing_changes_nothing(journal: Journal) -> None:
    """An empty batch returns the next offset and writes nothing."""
    size = journal.size_bytes

    assert journal.append([]) == 0
    assert size == journal.size_bytes


def test_reading_starts_where_asked(journal: Journal) -> None:
    """Any offset kept can be the first."""
    for n in range(30):
        journal.append([entry(n)])

    assert [[*range(n, 30)] for n in range(31)] == [
        [found.offset for found in journal.read(n)] for n in range(31)
    ]


def test_it_goes_on_after_reopening(tmp_path: Path) -> None:
    """A second run continues with the next offset."""
    first = Journal(tmp_path, segment_bytes=200)
    first.append([entry(n) for n in range(7)])
    first.close()

    second = Journal(tmp_path, segment_bytes=200)
    offset = second.append([entry(7)])

    assert (offset, second.cut) == (7, None)
    assert [record(n, entry(n)) for n in range(8)] == list(second.read())


def test_a_second_writer_is_refused(journal: Journal) -> None:
    """Two writers would break the order; readers need no permission."""
    journal.append([entry(0)])

    with pytest.raises(StoreLocked, match="another process writes to it"):
        Journal(journal.directory)

    assert [record(0, entry(0))] == list(read_journal(journal.directory))


def test_a_reader_follows_the_writer(journal: Journal) -> None:
    """An iteration that has begun also yields what is appended before it gets there."""
    journal.append([entry(n) for n in range(3)])
    reading = read_journal(journal.directory)
    seen = [next(reading)]
    for n in range(3, 30):
        journal.append([entry(n)])

    seen += reading
    seen += read_journal(journal.directory, seen[-1].offset + 1)

    assert [record(n, entry(n)) for n in range(30)] == seen


@settings(deadline=None, max_examples=60)
@given(_batches, st.data())
def test_a_cut_keeps_the_committed_prefix_and_invents_nothing(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Entry]], data: st.DataObject
) -> None:
    """Cut the file anywhere in its last batch: all earlier batches are there, and only true records."""
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder)
    for batch in batches[:-1]:
        journal.append(batch)
    committed = journal.size_bytes
    journal.append(batches[-1])
    end = journal.size_bytes
    journal.close()
    cut = data.draw(st.integers(committed, end))
    os.truncate(folder / f"{0:020d}.journal", cut)

    again = Journal(folder)
    found = list(again.read())
    again.append([entry(1)])
    after = list(again.read())
    again.close()

    everything = records(batches)
    kept = len(everything) - len(batches[-1])
    assert everything[: len(found)] == found
    assert len(found) >= kept
    assert (cut == end) <= (len(found) == len(everything))
    assert [*found, record(len(found), entry(1))] == after


@settings(deadline=None, max_examples=60)
@given(_batches, st.data())
def test_garbage_in_the_last_batch_is_cut_off(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Entry]], data: st.DataObject
) -> None:
    """A power cut may leave the last batch as any mixture of bytes: earlier ones survive it."""
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder)
    for batch in batches[:-1]:
        journal.append(batch)
    committed = journal.size_bytes
    journal.append(batches[-1])
    end = journal.size_bytes
    journal.close()
    path = folder / f"{0:020d}.journal"
    content = bytearray(path.read_bytes())
    start = data.draw(st.integers(committed, end - 1))
    stop = data.draw(st.integers(start + 1, end))
    content[start:stop] = bytes(stop - start)
    path.write_bytes(content)

    again = Journal(folder)
    found = list(again.read())
    again.close()

    everything = records(batches)
    assert everything[: len(found)] == found
    assert len(found) >= len(everything) - len(batches[-1])


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_damage_before_the_last_batch_is_told_not_cut(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """A flipped byte in a batch that was committed raises, naming file and offset."""
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder)
    sizes = [HEADER_BYTES]
    for n in range(6):
        journal.append([entry(2 * n), entry(2 * n + 1)])
        sizes.append(journal.size_bytes)
    journal.close()
    path = folder / f"{0:020d}.journal"
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(HEADER_BYTES, sizes[-2] - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)

    with pytest.raises(JournalBroken) as caught:
        Journal(folder)

    batch = next(n for n in range(6) if place < sizes[n + 1])
    assert str(path) in str(caught.value)
    assert any(f"at offset {2 * batch + n}:" in str(caught.value) for n in range(2))
    assert isinstance(caught.value, Permanent)
    assert bytes(content) == path.read_bytes()


def test_damage_in_an_older_segment_is_told_when_read(journal: Journal) -> None:
    """Older segments are trusted at opening and checked when read."""
    for n in range(30):
        journal.append([entry(n)])
    path = min(journal.directory.glob("*.journal"))
    os.truncate(path, path.stat().st_size - 3)

    with pytest.raises(JournalBroken, match="is damaged"):
        list(journal.read())


def test_a_missing_segment_is_told_when_read(journal: Journal) -> None:
    """A hole between two segments is no end."""
    for n in range(30):
        journal.append([entry(n)])
    paths = sorted(journal.directory.glob("*.journal"))
    paths[1].unlink()

    with pytest.raises(JournalBroken, match="the next segment begins at"):
        list(journal.read())


def test_what_was_cut_is_reported(tmp_path: Path) -> None:
    """The journal tells which file lost how many bytes, from which offset on."""
    journal = Journal(tmp_path)
    journal.append([entry(0), entry(1)])
    journal.close()
    path = tmp_path / f"{0:020d}.journal"
    os.truncate(path, path.stat().st_size - 5)

    again = Journal(tmp_path)

    assert again.cut is not None
    assert (path, 1) == again.cut[:2]
    assert again.cut.cut_bytes > 0
    assert again.end_offset == 1


@pytest.mark.parametrize("size", [0, 7], ids=["empty", "half a header"])
def test_a_segment_without_a_header_is_begun_again(tmp_path: Path, size: int) -> None:
    """A crash right after a new segment was created loses nothing."""
    journal = Journal(tmp_path)
    journal.append([entry(0)])
    journal.close()
    (tmp_path / f"{1:020d}.journal").write_bytes(b"C" * size)

    again = Journal(tmp_path)

    assert again.append([entry(1)]) == 1
    assert [record(n, entry(n)) for n in range(2)] == list(again.read())


def test_a_foreign_file_is_refused(tmp_path: Path) -> None:
    """A segment whose header is something else is named, not overwritten."""
    (tmp_path / f"{0:020d}.journal").write_bytes(b"something else entirely, and long enough")

    with pytest.raises(JournalBroken, match="this is no journal segment"):
        Journal(tmp_path)


def test_a_renamed_segment_is_refused(tmp_path: Path) -> None:
    """The header must agree with the file's name."""
    journal = Journal(tmp_path)
    journal.append([entry(0)])
    journal.close()
    shutil.move(tmp_path / f"{0:020d}.journal", tmp_path / f"{5:020d}.journal")

    with pytest.raises(JournalBroken, match="the header says that it begins at 0"):
        Journal(tmp_path)


def test_pruning_keeps_what_is_needed(journal: Journal) -> None:
    """Whole old segments go while over the budget, but none that is still needed."""
    for n in range(200):
        journal.append([entry(n)])
    firsts = sorted(int(path.stem) for path in journal.directory.glob("*.journal"))

    needed = firsts[3] + 1
    assert journal.prune(needed) == 3
    assert journal.first_offset == firsts[3]
    journal.prune(200)

    assert journal.size_bytes <= 1000
    assert journal.first_offset > firsts[3]
    assert journal.end_offset == 200
    assert list(range(journal.first_offset, 200)) == [found.offset for found in journal.read()]


def test_within_the_budget_nothing_is_pruned(tmp_path: Path) -> None:
    """A journal below its budget keeps everything."""
    journal = Journal(tmp_path, segment_bytes=200, budget_bytes=10**9)
    for n in range(50):
        journal.append([entry(n)])

    assert journal.prune(50) == 0


def test_reading_what_was_pruned_is_told(journal: Journal) -> None:
    """A checkpoint older than the journal cannot be recovered in silence."""
    for n in range(200):
        journal.append([entry(n)])
    journal.prune(200)

    with pytest.raises(JournalBroken, match="it was pruned"):
        list(journal.read(1))


def test_an_endless_record_is_refused(journal: Journal) -> None:
    """A payload beyond the limit is refused and leaves the journal as it was."""
    journal.append([entry(0)])

    with pytest.raises(ValueError, match="expected at most"):
        journal.append([(JournalKind.MESSAGE, 0, "t", bytes(MAX_BODY_BYTES))])

    assert journal.append([entry(1)]) == 1
    assert [record(n, entry(n)) for n in range(2)] == list(journal.read())
