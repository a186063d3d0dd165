"""Originals on the box: encrypted, short-lived, and released with a line about it."""

import base64
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pytest
import yaml
from click.testing import CliRunner, Result

from edge.__main__ import main
from edge.evidence.config import RedactPolicy
from edge.evidence.courier import Courier
from edge.evidence.desk import EvidenceDesk
from edge.evidence.errors import OriginalGone, OriginalSealed
from edge.evidence.memory_store import MemoryEvidenceStore
from edge.evidence.release import ReleaseLog
from edge.evidence.spool import Spool
from edge.evidence.subject import Subject
from edge.evidence.vault import Vault, read_key
from tests.unit.edge_agent.tracking import view_of

NOW = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
KEY = bytes(range(32))
NAME = "ab" * 32
PICTURE = b"\xff\xd8" + bytes(5000)


def vault_in(folder: Path, key: bytes = KEY, budget_bytes: int = 1_000_000) -> Vault:
    """Return a vault whose originals live for three days."""
    return Vault(folder, key, ttl=timedelta(days=3), budget_bytes=budget_bytes)


def seal(vault: Vault, name: str = NAME, at: datetime = NOW) -> None:
    """Keep a picture."""
    vault.seal(name, PICTURE, "image/jpeg", camera="c-1", captured_at=at)


def test_an_original_comes_back_as_it_was(tmp_path: Path) -> None:
    """What is sealed is opened again, by another process with the same key."""
    seal(vault_in(tmp_path))

    assert vault_in(tmp_path).open(NAME, NOW) == PICTURE


def test_nothing_of_an_original_is_on_the_disk_in_the_clear(tmp_path: Path) -> None:
    """The file is its owner's alone and holds no run of the picture."""
    seal(vault_in(tmp_path))
    (path,) = tmp_path.iterdir()

    assert bytes(16) not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0


def test_the_same_picture_is_sealed_differently_each_time(tmp_path: Path) -> None:
    """A nonce is never used twice."""
    for name in ("a", "b"):
        seal(vault_in(tmp_path / name))
    first, second = (next((tmp_path / name).iterdir()).read_bytes() for name in ("a", "b"))

    assert first[-5000:] != second[-5000:]


@pytest.mark.parametrize("spoilt", ["key", "header", "body", "short"])
def test_what_was_changed_or_is_of_another_key_stays_shut(tmp_path: Path, spoilt: str) -> None:
    """Neither another key nor a changed byte, not even of the header, opens an original."""
    seal(vault_in(tmp_path))
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    if spoilt == "header":
        data[data.index(b"c-1") + 2] = ord("2")
    elif spoilt == "body":
        data[-1] ^= 1
    elif spoilt == "short":
        del data[-5010:]
    path.write_bytes(data)
    vault = vault_in(tmp_path, bytes(32) if spoilt == "key" else KEY)
    with pytest.raises(OriginalSealed):
        vault.open(NAME, NOW)


def test_an_original_dies_when_its_time_has_come(tmp_path: Path) -> None:
    """After three days it is neither opened nor kept, even if nobody tidied up in between."""
    vault = vault_in(tmp_path)
    seal(vault)
    later = NOW + timedelta(days=3)
    with pytest.raises(OriginalGone):
        vault.open(NAME, later)

    assert vault.expire(later - timedelta(seconds=1)) == 0
    assert vault.expire(later) == 1
    assert list(tmp_path.iterdir()) == []
    assert vault.counters["originals_expired"] == 1


def test_the_oldest_give_way_within_the_budget(tmp_path: Path) -> None:
    """Ten originals of 5 kB in a budget of 20 kB: the newest stay, the others are counted."""
    vault = vault_in(tmp_path, budget_bytes=20_000)
    for number in range(10):
        seal(vault, f"{number:064x}")
        path = tmp_path / f"{number:064x}.jpeg.sealed"
        os.utime(path, ns=(number, number))

    assert [int(one.sha256, 16) for one in vault.kept()] == [7, 8, 9]
    assert vault.counters["originals_dropped"] == 7


@pytest.mark.parametrize("secret", ["", "short", base64.b64encode(bytes(16)).decode(), "%" * 44])
def test_a_malformed_key_is_refused(secret: str) -> None:
    """A key has 32 bytes, in base64."""
    with pytest.raises(OriginalSealed, match="32 bytes"):
        read_key(secret)


def test_a_release_is_written_down_before_anything_is_handed_out(tmp_path: Path) -> None:
    """Where the line cannot be written there is no picture; where there is no picture, no line."""
    vault = vault_in(tmp_path / "originals")
    seal(vault)
    nowhere = ReleaseLog(tmp_path / "gone" / "releases.jsonl")
    with pytest.raises(OSError, match="releases"):
        nowhere.release(vault, NAME, purpose="evidence", case="C-1", by="li", now=NOW)
    log = ReleaseLog(tmp_path / "releases.jsonl")
    with pytest.raises(OriginalGone):
        log.release(vault, "cd" * 32, purpose="evidence", case="C-1", by="li", now=NOW)

    assert log.check() == 0
    assert log.release(vault, NAME, purpose="evidence", case="C-1", by="li", now=NOW) == PICTURE
    assert log.check() == 1


@pytest.mark.parametrize("meddling", ["changed", "taken out", "exchanged"])
def test_meddling_with_the_log_is_found(tmp_path: Path, meddling: str) -> None:
    """Each line holds the hash of the one before it."""
    vault, path = vault_in(tmp_path / "originals"), tmp_path / "releases.jsonl"
    seal(vault)
    log = ReleaseLog(path)
    for number in range(3):
        log.release(vault, NAME, purpose="evidence", case=f"C-{number}", by="li", now=NOW)
    lines = path.read_text().splitlines()
    if meddling == "changed":
        lines[0] = lines[0].replace("C-0", "C-9")
    elif meddling == "taken out":
        del lines[1]
    else:
        lines[1], lines[2] = lines[2], lines[1]
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(OriginalSealed, match=r"releases\.jsonl:\d"):
        log.check()


def test_the_desk_keeps_the_original_of_what_it_sends(tmp_path: Path) -> None:
    """What leaves is redacted; under its hash the vault has the picture as it was."""
    vault = vault_in(tmp_path / "originals")
    spool = Spool(tmp_path / "spool", 1_000_000)
    pixels = np.full((240, 320, 3), 90, np.uint8)
    pixels[::8] = 200
    evidence = EvidenceDesk(spool, vault).picture(
        view_of(pixels), RedactPolicy.AUTO, Subject("person", (60.0, 40.0, 100.0, 140.0))
    )
    assert evidence is not None
    kept = vault.open(evidence.sha256, evidence.captured_at)
    original = cv2.imdecode(np.frombuffer(kept, np.uint8), cv2.IMREAD_COLOR)
    courier = Courier(spool, MemoryEvidenceStore(), Random(1), vault)
    courier.step(evidence.captured_at + timedelta(days=4))

    assert original is not None
    assert np.abs(original.astype(int) - pixels).mean() < 3.0
    assert courier.counters["originals_sealed"] == 1
    assert courier.counters["originals_expired"] == 1


def _release(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["release", *options, "--config", str(folder / "edge.yaml")])


def test_the_command_releases_for_a_purpose_and_a_case(tmp_path: Path) -> None:
    """List, release, audit; without purpose and case nothing is handed out."""
    (tmp_path / "key").write_text(base64.b64encode(KEY).decode() + "\n")
    document = {
        "box": {"district": "d", "site": "s", "box": "b"},
        "evidence": {"originals": {"key_file": "key", "ttl_h": 72}},
    }
    (tmp_path / "edge.yaml").write_text(yaml.safe_dump(document))
    seal(vault_in(tmp_path / "originals"), at=datetime.now(UTC))
    out = tmp_path / "picture.jpg"
    listed = json.loads(_release(tmp_path, "--list", "--json").output)
    refused = _release(tmp_path, NAME, "--out", str(out))
    wanted = ["--case", "C-7", "--by", "li", "--out", str(out)]
    curious = _release(tmp_path, NAME, "--purpose", "curiosity", *wanted)

    assert [one["sha256"] for one in listed["originals"]] == [NAME]
    assert refused.exit_code == curious.exit_code == 2
    assert not out.exists()

    done = _release(tmp_path, NAME, "--purpose", "evidence", *wanted, "--json")
    again = _release(tmp_path, NAME, "--purpose", "evidence", *wanted)
    (line,) = (tmp_path / "releases.jsonl").read_text().splitlines()

    assert done.exit_code == 0
    assert out.read_bytes() == PICTURE
    assert again.exit_code == 2
    assert json.loads(line)["case"] == "C-7"
    assert json.loads(_release(tmp_path, "--audit", "--json").output) == {"releases": 1}


def test_a_box_without_a_key_hands_out_nothing(tmp_path: Path) -> None:
    """No evidence.originals, no originals."""
    (tmp_path / "edge.yaml").write_text("box: {district: d, site: s, box: b}\n")
    outcome = _release(tmp_path, "--list")

    assert outcome.exit_code == 2
    assert "evidence.originals" in outcome.output
