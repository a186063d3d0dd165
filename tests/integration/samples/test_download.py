"""Fetching against a real HTTP server that cuts, refuses, lies and forgets."""

import hashlib
from pathlib import Path
from random import Random

import pytest

from runtime.fetching.catalogue import Entry
from runtime.fetching.download import fetch, file_sha256
from runtime.fetching.errors import DiskFault, FetchFailed, FetchRefused, WrongContent
from tests.integration.samples.mirror import Mirror

CONTENT = Random(1).randbytes(300_000)
ENTRY = Entry(
    name="clip",
    title="A clip",
    file="clip.mp4",
    url="https://example.invalid/clip.mp4",
    sha256=hashlib.sha256(CONTENT).hexdigest(),
    size_bytes=len(CONTENT),
    licence="CC-BY-4.0",
    attribution="Somebody",
    page="https://example.invalid/",
)


def pulled(mirror: Mirror, folder: Path) -> Path:
    """Fetch the entry from a mirror, with waits too short to notice."""
    return fetch(ENTRY, folder, mirror=mirror.url, rng=Random(1), timeout_s=5.0, backoff_s=0.001)


def names(folder: Path) -> list[str]:
    """Return the names in a folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_fetched_whole(tmp_path: Path) -> None:
    """The file is there under its name with the right content, and nothing is left beside it."""
    told: list[tuple[int, int]] = []
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        path = fetch(
            ENTRY,
            tmp_path / "new" / "folder",
            mirror=mirror.url + "/",
            rng=Random(1),
            progress=lambda here, total: told.append((here, total)),
        )

    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["clip.mp4"]
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert told == sorted(told)


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    """A file with the right hash needs no network."""
    (tmp_path / "clip.mp4").write_bytes(CONTENT)
    with Mirror({}) as mirror:
        path = pulled(mirror, tmp_path)

        assert mirror.requested == []
    assert path.read_bytes() == CONTENT


def test_a_file_with_the_wrong_content_is_replaced(tmp_path: Path) -> None:
    """A file of that name that is something else is fetched anew."""
    (tmp_path / "clip.mp4").write_bytes(b"old")
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        assert file_sha256(pulled(mirror, tmp_path)) == ENTRY.sha256


def test_cut_connections_are_resumed(tmp_path: Path) -> None:
    """Each new try asks only for what is missing."""
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        mirror.cuts = [100_000, 50_000, 0]
        path = pulled(mirror, tmp_path)

        assert mirror.requested == [None, "bytes=100000-", "bytes=150000-", "bytes=150000-"]
    assert path.read_bytes() == CONTENT


def test_a_later_call_goes_on(tmp_path: Path) -> None:
    """What an earlier call left in the .part file is not fetched again."""
    (tmp_path / "clip.mp4.part").write_bytes(CONTENT[:123_456])
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        path = pulled(mirror, tmp_path)

        assert mirror.requested == ["bytes=123456-"]
    assert path.read_bytes() == CONTENT


def test_a_complete_part_needs_only_its_check(tmp_path: Path) -> None:
    """Killed between the last byte and the rename, the next call only checks and renames."""
    (tmp_path / "clip.mp4.part").write_bytes(CONTENT)
    with Mirror({}) as mirror:
        path = pulled(mirror, tmp_path)

        assert mirror.requested == []
    assert names(path.parent) == ["clip.mp4"]


def test_a_server_without_ranges_starts_over(tmp_path: Path) -> None:
    """Where ranges are not understood, the whole file is taken from the start."""
    (tmp_path / "clip.mp4.part").write_bytes(b"x" * 1000)
    with Mirror({"clip.mp4": CONTENT}, ranges=False) as mirror:
        assert pulled(mirror, tmp_path).read_bytes() == CONTENT


def test_a_part_that_is_too_long_is_thrown_away(tmp_path: Path) -> None:
    """A .part file longer than the whole is no beginning of it."""
    (tmp_path / "clip.mp4.part").write_bytes(b"x" * (len(CONTENT) + 1))
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        assert pulled(mirror, tmp_path).read_bytes() == CONTENT
        assert mirror.requested == [None]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(tmp_path: Path, status: int) -> None:
    """Answers that may change are tried again."""
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        mirror.statuses = [status, status]
        assert pulled(mirror, tmp_path).read_bytes() == CONTENT


def test_a_server_that_never_delivers_is_given_up(tmp_path: Path) -> None:
    """After five tries in a row without a byte, one error says how far it got and what to do."""
    (tmp_path / "clip.mp4.part").write_bytes(CONTENT[:1000])
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        mirror.statuses = [503] * 20
        with pytest.raises(FetchFailed, match=r"byte 1000 of 300000; the same command goes on"):
            pulled(mirror, tmp_path)

        assert len(mirror.requested) == 5
    assert (tmp_path / "clip.mp4.part").stat().st_size == 1000


def test_nobody_there_is_given_up(tmp_path: Path) -> None:
    """A refused connection is one clear error after five tries."""
    with Mirror({}) as gone:
        url = gone.url
    with pytest.raises(FetchFailed, match=r"clip: http://127\.0\.0\.1:.*5 times in a row"):
        fetch(ENTRY, tmp_path, mirror=url, rng=Random(1), backoff_s=0.001)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_no_is_a_no(tmp_path: Path, status: int) -> None:
    """A refusal is not tried again, and the message says where to look."""
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        mirror.statuses = [status]
        with pytest.raises(FetchRefused, match=rf"answered {status} .*https://example\.invalid/"):
            pulled(mirror, tmp_path)

        assert len(mirror.requested) == 1


def test_another_size_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """An error page served with status 200 is not written to the disk."""
    with (
        Mirror({"clip.mp4": b"<html>sorry</html>"}) as mirror,
        pytest.raises(FetchRefused, match="offers 18 bytes, expected 300000"),
    ):
        pulled(mirror, tmp_path)

    assert names(tmp_path) == []


def test_a_wrong_hash_leaves_nothing(tmp_path: Path) -> None:
    """Changed content of the right size is thrown away, and both hashes are named."""
    forged = CONTENT[:-1] + b"\x00"
    with (
        Mirror({"clip.mp4": forged}) as mirror,
        pytest.raises(WrongContent, match=f"expected {ENTRY.sha256}; nothing was kept"),
    ):
        pulled(mirror, tmp_path)

    assert names(tmp_path) == []


def test_a_wrong_beginning_is_found(tmp_path: Path) -> None:
    """A .part file of other bytes leads to a wrong hash, and the next call starts from nothing."""
    (tmp_path / "clip.mp4.part").write_bytes(b"x" * 1000)
    with Mirror({"clip.mp4": CONTENT}) as mirror:
        with pytest.raises(WrongContent):
            pulled(mirror, tmp_path)

        assert pulled(mirror, tmp_path).read_bytes() == CONTENT


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """Where a file stands in the way, the error names the target."""
    (tmp_path / "taken").write_text("a file")
    with (
        Mirror({"clip.mp4": CONTENT}) as mirror,
        pytest.raises(DiskFault, match=r"cannot write .*taken.*clip\.mp4"),
    ):
        pulled(mirror, tmp_path / "taken")


def test_a_mirror_folder_needs_no_network(tmp_path: Path) -> None:
    """A folder on this machine serves as the mirror, and what it holds is verified all the same."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "clip.mp4").write_bytes(CONTENT)

    path = fetch(ENTRY, tmp_path / "here", mirror=str(shelf), rng=Random(1))

    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["clip.mp4"]


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (None, FetchRefused, "is not there; a mirror folder holds"),
        (CONTENT[:-1], FetchRefused, "has 299999 bytes, expected 300000"),
        (CONTENT[:-1] + b"\0", WrongContent, "nothing was kept"),
    ],
    ids=["missing", "cut", "changed"],
)
def test_a_mirror_folder_with_something_else(
    tmp_path: Path, content: bytes | None, error: type[Exception], words: str
) -> None:
    """A folder without the file, or with another, gives nothing."""
    if content is not None:
        (tmp_path / "clip.mp4").write_bytes(content)
    with pytest.raises(error, match=words):
        fetch(ENTRY, tmp_path / "here", mirror=f"file://{tmp_path}", rng=Random(1))

    assert names(tmp_path / "here") == []
