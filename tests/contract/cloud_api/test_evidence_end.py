"""Contract of evidence at rest: sealed, brought along at rotation, deleted with proof."""

import hashlib
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from cloud_api.__main__ import main
from cloud_api.audit.ledger import AuditFilter
from cloud_api.bootstrap import Api, build
from cloud_api.config import ApiConfig, keys_path
from cloud_api.errors import NotFound
from cloud_api.evidence.retention import EvidenceRetention
from contracts.envelope import Evidence
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, body_of, make_event

JPEG = b"\xff\xd8\xff\xe0 a picture of the street"
SHA = hashlib.sha256(JPEG).hexdigest()
OTHER = b"\xff\xd8\xff\xe0 another picture"
OTHER_SHA = hashlib.sha256(OTHER).hexdigest()


def _retention(api: Api, keep_days: float = 30.0) -> EvidenceRetention:
    services = api.services
    return EvidenceRetention(
        services.store, services.evidence, services.ledger, services.metrics, keep_days
    )


def _run(retention: EvidenceRetention, days: float) -> None:
    while retention.step(START + timedelta(days=days)):
        pass


def test_nothing_lies_open_on_the_disk(api: Api, config: ApiConfig) -> None:
    """Neither under its address nor on the way there."""
    api.put_evidence(SHA, "image/jpeg", JPEG)

    files = [path for path in Path(config.evidence_dir).rglob("*") if path.is_file()]

    assert [path.name for path in files] == [SHA]
    assert b"street" not in files[0].read_bytes()


def test_old_evidence_is_deleted_and_the_audit_log_says_so(api: Api, config: ApiConfig) -> None:
    """File and row are gone; the line names what it was; nothing younger is touched."""
    api.put_evidence(SHA, "image/jpeg", JPEG)

    _run(_retention(api), 29)
    kept = api.services.evidence.find(SHA)
    _run(_retention(api), 31)

    (line,) = api.services.ledger.newest(
        AuditFilter(action="evidence.delete"), before=None, limit=9
    )
    assert kept is not None
    assert SHA.encode() in line.body
    assert not Path(config.evidence_dir, SHA[:2], SHA).exists()
    with pytest.raises(NotFound):
        api.services.evidence.get(SHA)


def test_what_an_open_case_needs_is_kept(api: Api) -> None:
    """However old: a case that is not closed keeps its pictures; others go past it."""
    evidence = (
        Evidence(sha256=SHA, media_type="image/jpeg", size_bytes=len(JPEG), captured_at=START),
    )
    api.put_evidence(SHA, "image/jpeg", JPEG)
    api.put_evidence(OTHER_SHA, "image/jpeg", OTHER)
    api.accept_events(body_of(make_event(1, evidence=evidence)))
    api.step(START)

    _run(_retention(api), 400)

    assert api.services.evidence.find(SHA) is not None
    assert api.services.evidence.find(OTHER_SHA) is None


def test_a_cut_off_deletion_is_finished(api: Api, config: ApiConfig) -> None:
    """A crash after the file was removed leaves a row, which the next look deals with."""
    api.put_evidence(SHA, "image/jpeg", JPEG)
    Path(config.evidence_dir, SHA[:2], SHA).unlink()

    _run(_retention(api), 31)

    assert api.services.evidence.find(SHA) is None


def test_rotation_brings_everything_along(
    api: Api, config: ApiConfig, clock: ManualClock, tmp_path: Path
) -> None:
    """After rotate and reseal the former line can go; a file left plain is sealed on the way."""
    api.put_evidence(SHA, "image/jpeg", JPEG)
    api.put_evidence(OTHER_SHA, "image/jpeg", OTHER)
    Path(config.evidence_dir, OTHER_SHA[:2], OTHER_SHA).write_bytes(OTHER)
    path = tmp_path / "api.json"
    settings = {"database_url": config.database_url, "evidence_dir": config.evidence_dir}
    path.write_bytes(msgspec.json.encode(settings))

    rotated = CliRunner().invoke(main, ["secrets", "rotate", "--config", str(path)])
    resealed = CliRunner().invoke(main, ["secrets", "reseal", "--config", str(path)])
    book = keys_path(config)
    book.write_text(book.read_text().splitlines()[0] + "\n")
    again = build(config, clock)

    assert (rotated.exit_code, resealed.exit_code) == (0, 0), resealed.output
    assert resealed.output.startswith("2 items of evidence")
    assert again.services.evidence.get(SHA)[1].read() == JPEG
    assert again.services.evidence.get(OTHER_SHA)[1].read() == OTHER
    assert b"another" not in Path(config.evidence_dir, OTHER_SHA[:2], OTHER_SHA).read_bytes()
    again.close()
