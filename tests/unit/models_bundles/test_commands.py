"""From a key to a verified bundle, as a model engineer types it."""

import json
import stat
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from models.bundles.commands import keygen, pack, revoke, trust, verify
from tests.blob_network import write_blob_network, write_golden


def run(command: click.Command, *words: str | Path) -> Result:
    """Run a command."""
    return CliRunner().invoke(command, [str(word) for word in words])


def facts(result: Result) -> dict[str, Any]:
    """Return what a command printed."""
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def packed(folder: Path, *more: str, golden: Path | None = None) -> tuple[Result, Path]:
    """Make a key and pack a model with it and with more words; return the result and the bundle."""
    key = folder / "sign.key"
    if not key.exists():
        run(keygen, "--out", key, "--name", "model room")
    out = folder / "red.clmodel"
    network = write_blob_network(folder / "blob.onnx")
    picture = golden or write_golden(folder / "golden.png")
    words = ("--id", "red-finder", "--version", "1.0.0", "--counter", "1")
    options = ("--licence", "Apache-2.0", "--golden", picture, "--key", key, "--out", out, "--json")
    return run(pack, network, *words, *options, *more), out


def test_from_key_to_verified_bundle(tmp_path: Path) -> None:
    """keygen, trust, pack, verify; then revoke, and the bundle is worth nothing."""
    key, book = tmp_path / "sign.key", tmp_path / "book.json"
    made = facts(run(keygen, "--out", key, "--json"))
    facts(run(trust, f"{key}.pub", "--book", book, "--json"))
    result, bundle = packed(tmp_path)
    facts(result)
    verified = facts(run(verify, bundle, "--book", book, "--json"))
    facts(run(revoke, made["key"], "--reason", "lost", "--book", book, "--json"))
    refused = run(verify, bundle, "--book", book)

    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert (verified["key"], verified["id"], verified["golden_boxes"]) == (
        made["key"],
        "red-finder",
        1,
    )
    assert refused.exit_code == 2
    assert "was revoked" in refused.output


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    """Whoever runs keygen twice keeps his first key."""
    key = tmp_path / "sign.key"
    run(keygen, "--out", key)
    content = key.read_bytes()

    assert run(keygen, "--out", key).exit_code == 2
    assert key.read_bytes() == content


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--version", "1", "--version must be three numbers with points, as 1.4.0"),
        ("--id", "Red Finder", "--id must be lower-case letters"),
        ("--minimum-agent", "new", "--minimum-agent must be three numbers with points"),
    ],
    ids=["version", "id", "agent"],
)
def test_what_has_no_right_form_is_told_in_words(
    tmp_path: Path, option: str, value: str, expected: str
) -> None:
    """A person is told the form with an example, not a pattern."""
    result, bundle = packed(tmp_path, option, value)

    assert result.exit_code == 2
    assert expected in result.output
    assert not bundle.exists()


def test_a_golden_picture_without_anything_proves_nothing(tmp_path: Path) -> None:
    """A picture in which the model finds nothing is refused."""
    import cv2  # noqa: PLC0415 - for this test alone
    import numpy as np  # noqa: PLC0415 - as above

    blank = tmp_path / "blank.png"
    blank.write_bytes(cv2.imencode(".png", np.full((90, 90, 3), 120, np.uint8))[1].tobytes())
    result, bundle = packed(tmp_path, golden=blank)

    assert result.exit_code == 2
    assert "finds nothing" in result.output
    assert not bundle.exists()
