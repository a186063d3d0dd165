"""Keys and the book of those that are trusted."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.bundles.errors import KeyFault
from runtime.bundles.trust import (
    TrustBook,
    key_id_of,
    load_private_key,
    load_trust,
    new_private_key,
    private_key_text,
    public_bytes_of,
    public_line,
    read_public_line,
    save_trust,
)
from runtime.private_file import write_private

AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def test_a_private_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    """A key that others may read is refused, with the command that mends it."""
    path = tmp_path / "sign.key"
    write_private(path, private_key_text(new_private_key()))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    load_private_key(path)
    path.chmod(0o640)

    with pytest.raises(KeyFault, match="chmod 600"):
        load_private_key(path)


def test_a_book_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Trusted and revoked keys survive the file."""
    first, second = (public_bytes_of(new_private_key()) for _ in range(2))
    book = TrustBook().trust(first, "old", AT).trust(second, "new", AT)
    book = book.revoke(key_id_of(first), "rotated", AT)
    save_trust(tmp_path / "book.json", book)

    assert load_trust(tmp_path / "book.json") == book


def test_a_revoked_key_cannot_be_trusted_again() -> None:
    """Whoever wants to go on makes a new key."""
    public = public_bytes_of(new_private_key())
    book = TrustBook().trust(public, "", AT).revoke(key_id_of(public), "stolen", AT)

    with pytest.raises(KeyFault, match="was revoked"):
        book.trust(public, "", AT)


def test_an_exchanged_key_in_the_book_is_found(tmp_path: Path) -> None:
    """An id that does not fit its key means that somebody changed the file."""
    path = tmp_path / "book.json"
    mine, other = public_bytes_of(new_private_key()), public_bytes_of(new_private_key())
    save_trust(path, TrustBook().trust(mine, "", AT))
    entry = load_trust(path).keys[0].public
    foreign = TrustBook().trust(other, "", AT).keys[0].public
    path.write_text(path.read_text("utf-8").replace(entry, foreign), "utf-8")

    with pytest.raises(KeyFault, match="somebody changed it"):
        load_trust(path)


def test_a_public_line_names_its_owner(tmp_path: Path) -> None:
    """The .pub file holds key and name."""
    public = public_bytes_of(new_private_key())
    path = tmp_path / "sign.key.pub"
    path.write_text(public_line(public, "the model room"), "utf-8")

    assert read_public_line(path) == (public, "the model room")


@pytest.mark.parametrize(
    "text", ["", "ssh-ed25519 AAAA", "cityloop-ed25519 !!!", "cityloop-ed25519 AAAA"]
)
def test_a_line_that_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    """Another file's content is not taken for a key."""
    path = tmp_path / "x.pub"
    path.write_text(text, "utf-8")

    with pytest.raises(KeyFault):
        read_public_line(path)
