"""Contract of the evidence store: by content, once, within limits."""

import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from cloud_api.bootstrap import Api, build
from cloud_api.config import ApiConfig
from cloud_api.errors import (
    BodyTooLarge,
    EvidenceFull,
    HashMismatch,
    NotFound,
    Problem,
    UnsupportedMedia,
)
from runtime.clock import ManualClock

JPEG = b"\xff\xd8\xff\xe0 a picture"
PNG = b"\x89PNG\r\n\x1a\n another picture"
MP4 = b"\x00\x00\x00\x18ftypisom a clip"


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _files(config: ApiConfig) -> list[str]:
    folder = Path(config.evidence_dir)
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        pytest.param("image/jpeg", JPEG, id="jpeg"),
        pytest.param("image/png", PNG, id="png"),
        pytest.param("video/mp4", MP4, id="mp4"),
    ],
)
def test_what_is_put_can_be_got(api: Api, media_type: str, content: bytes) -> None:
    """The bytes lie under their hash with their media type."""
    api.put_evidence(_sha(content), media_type, content)

    info, sealed = api.services.evidence.get(_sha(content))

    assert (media_type, content) == (info.media_type, sealed.read())


def test_again_is_fine(api: Api, config: ApiConfig) -> None:
    """The same bytes again change nothing."""
    first = api.put_evidence(_sha(JPEG), "image/jpeg", JPEG)
    second = api.put_evidence(_sha(JPEG), "image/jpeg", JPEG, by="other")

    assert first == second
    assert [_sha(JPEG)] == _files(config)


@pytest.mark.parametrize(
    ("sha256", "media_type", "content", "error"),
    [
        pytest.param(_sha(PNG), "image/jpeg", JPEG, HashMismatch, id="other bytes"),
        pytest.param(_sha(PNG), "image/jpeg", PNG, UnsupportedMedia, id="png as jpeg"),
        pytest.param(_sha(b""), "image/jpeg", b"", UnsupportedMedia, id="empty"),
        pytest.param(_sha(b"GIF89a"), "image/gif", b"GIF89a", UnsupportedMedia, id="gif"),
        pytest.param(_sha(b"<svg/>"), "image/png", b"<svg/>", UnsupportedMedia, id="svg as png"),
    ],
)
def test_wrong_bytes_leave_nothing(
    api: Api, config: ApiConfig, sha256: str, media_type: str, content: bytes, error: type[Problem]
) -> None:
    """Refused bytes leave neither file nor row."""
    with pytest.raises(error):
        api.put_evidence(sha256, media_type, content)

    assert _files(config) == []
    with pytest.raises(NotFound):
        api.services.evidence.get(sha256)


@pytest.mark.parametrize(
    ("field", "error"),
    [
        pytest.param("evidence_item_bytes", BodyTooLarge, id="item"),
        pytest.param("evidence_budget_bytes", EvidenceFull, id="budget"),
    ],
)
def test_limits_hold(
    config: ApiConfig, clock: ManualClock, field: str, error: type[Problem]
) -> None:
    """One byte more than allowed is refused and leaves nothing."""
    small = msgspec.structs.replace(config, **{field: len(JPEG) - 1})
    api = build(small, clock)

    with pytest.raises(error):
        api.put_evidence(_sha(JPEG), "image/jpeg", JPEG)

    assert _files(config) == []
    api.close()


def test_what_a_crash_left_behind_is_swept(api: Api, config: ApiConfig) -> None:
    """Temporary files of uploads that were cut off go; those under way stay."""
    cut_off = api.services.evidence.begin(_sha(JPEG), "image/jpeg")
    under_way = api.services.evidence.begin(_sha(PNG), "image/png")
    (old,) = Path(config.evidence_dir).rglob(f"{_sha(JPEG)[:12]}-*")
    os.utime(old, (1000, 1000))

    removed = api.services.evidence.sweep(2000)

    assert removed == 1
    assert [name[:12] for name in _files(config)] == [_sha(PNG)[:12]]
    for upload in (cut_off, under_way):
        upload.__exit__(None, None, None)
