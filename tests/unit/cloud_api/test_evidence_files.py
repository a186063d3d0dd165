"""Evidence: metadata are taken out, files are sealed, links expire."""

import io
import struct
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cloud_api.errors import EvidenceBroken
from cloud_api.evidence.links import EvidenceLinks
from cloud_api.evidence.sealed_file import (
    FRAME_BYTES,
    SealedFile,
    SealedWriter,
    is_sealed,
    rewrap,
)
from cloud_api.evidence.stripping import strip_metadata
from cloud_api.privacy.keybook import KeyBook
from runtime.errors import SecretError
from tests.contract.cloud_api.events import START

BOOK = KeyBook({"k-1": bytes(range(32))})
SECRET = b"LiMing-22.543-114.057"


def _jpeg(orientation: int = 1, *, progressive: bool = False) -> bytes:
    """A picture with where, who and a comment in it, and something behind its end."""
    picture = Image.effect_noise((64, 48), 60).convert("RGB")
    exif = Image.Exif()
    exif[0x013B] = SECRET.decode()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"
    out = io.BytesIO()
    picture.save(
        out, "JPEG", exif=exif, comment=SECRET, progressive=progressive, xmp=b"<x>" + SECRET
    )
    return out.getvalue() + b"\xff\xd8\xff\xe1 a second picture " + SECRET


@pytest.mark.parametrize("progressive", [False, True], ids=["baseline", "progressive"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_jpeg_keeps_its_picture_and_loses_the_rest(orientation: int, progressive: bool) -> None:
    """Same pixels, turned the same way; no place, no name, no comment, nothing behind the end."""
    content = _jpeg(orientation, progressive=progressive)

    stripped = strip_metadata("image/jpeg", content)

    found = Image.open(io.BytesIO(stripped))
    before = Image.open(io.BytesIO(content))
    assert SECRET not in stripped
    assert found.tobytes() == before.tobytes()
    assert dict(found.getexif()) == ({0x0112: orientation} if orientation != 1 else {})
    assert strip_metadata("image/jpeg", stripped) == stripped


def test_a_png_keeps_its_picture_and_loses_the_rest() -> None:
    """Texts, times and what stands behind the end go."""
    picture = Image.effect_noise((32, 32), 60).convert("RGB")
    told = PngInfo()
    told.add_text("Author", SECRET.decode())
    told.add_itxt("XML:com.adobe.xmp", SECRET.decode())
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x013B] = SECRET.decode()
    picture.save(out, "PNG", pnginfo=told, exif=exif)

    stripped = strip_metadata("image/png", out.getvalue() + SECRET)

    assert SECRET not in stripped
    assert Image.open(io.BytesIO(stripped)).tobytes() == picture.tobytes()


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(payload), kind) + payload


def test_a_clip_keeps_every_offset_and_loses_its_place() -> None:
    """User data and metadata become free space of the same length, wherever they lie."""
    clip = (
        _box(b"ftyp", b"isom")
        + _box(
            b"moov",
            _box(b"mvhd", b"head") + _box(b"udta", SECRET) + _box(b"trak", _box(b"meta", SECRET)),
        )
        + _box(b"mdat", b"pictures")
        + _box(b"uuid", SECRET)
    )

    stripped = strip_metadata("video/mp4", clip)

    assert len(stripped) == len(clip)
    assert SECRET not in stripped
    assert stripped.index(b"pictures") == clip.index(b"pictures")


@given(
    media_type=st.sampled_from(["image/jpeg", "image/png", "video/mp4"]),
    content=st.binary(max_size=400),
)
def test_odd_bytes_do_no_harm(media_type: str, content: bytes) -> None:
    """Whatever comes, something is given back, and no EXIF signature is in it but a rebuilt one."""
    head = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n", "video/mp4": b""}
    stripped = strip_metadata(media_type, head[media_type] + content)

    assert len(stripped) <= len(content) + 50


@given(cut=st.integers(20, 900))
def test_a_cut_off_jpeg_tells_nothing_to_an_exif_reader(cut: int) -> None:
    """Where the structure is broken, the signature that readers look for is gone."""
    stripped = strip_metadata("image/jpeg", _jpeg()[:cut])

    assert b"Exif\x00\x00" not in stripped


def _sealed(path: Path, content: bytes, address: str = "a" * 64) -> Path:
    with path.open("wb") as file:
        writer = SealedWriter(file, BOOK, address)
        for at in range(0, len(content), 50_000):
            writer.write(content[at : at + 50_000])
        writer.finish()
    return path


@pytest.mark.parametrize(
    "size", [0, 1, FRAME_BYTES - 1, FRAME_BYTES, FRAME_BYTES + 1, 3 * FRAME_BYTES, 200_000]
)
def test_what_is_sealed_can_be_read(tmp_path: Path, size: int) -> None:
    """Any length comes back whole, and nothing of it lies open on the disk."""
    content = (SECRET * (size // len(SECRET) + 1))[:size]
    path = _sealed(tmp_path / "file", content)

    found = SealedFile(path, "a" * 64, BOOK)

    assert (found.size_bytes, found.read()) == (size, content)
    assert is_sealed(path)
    assert SECRET not in path.read_bytes()


@settings(max_examples=25)
@given(start=st.integers(0, 200_000), length=st.integers(0, 150_000))
def test_any_part_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int
) -> None:
    """A part is what stands there."""
    content = bytes(range(251)) * 800
    path = _sealed(tmp_path_factory.mktemp("part") / "file", content)
    found = SealedFile(path, "a" * 64, BOOK)
    stop = min(start + length, len(content))

    assert b"".join(found.part(start, max(start, stop))) == content[start:stop]


@settings(max_examples=40)
@given(data=st.data())
def test_any_tampering_is_found(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """One bit, a cut end, swapped or repeated frames: nothing wrong is ever given back."""
    content = bytes(range(256)) * 700
    path = _sealed(tmp_path_factory.mktemp("tamper") / "file", content)
    stored = bytearray(path.read_bytes())
    frame = FRAME_BYTES + 16
    head = len(stored) - len(content) - 16 * 3
    way = data.draw(st.sampled_from(["bit", "cut", "swap", "repeat", "cut at a frame"]))
    if way == "bit":
        stored[data.draw(st.integers(0, len(stored) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    elif way == "cut":
        del stored[data.draw(st.integers(head, len(stored) - 1)) :]
    elif way == "swap":
        first, second = stored[head : head + frame], stored[head + frame : head + 2 * frame]
        stored[head : head + 2 * frame] = second + first
    elif way == "repeat":
        stored[head + frame : head + frame] = stored[head : head + frame]
    else:
        del stored[head + 2 * frame :]
    path.write_bytes(stored)

    try:
        found = SealedFile(path, "a" * 64, BOOK).read()
    except (EvidenceBroken, SecretError):
        return
    # A bit of the magic makes it a plain file of a former version: its bytes are no content of ours.
    assert content not in found


def test_a_file_cannot_be_passed_off_as_another(tmp_path: Path) -> None:
    """Moved to another address it does not open."""
    path = _sealed(tmp_path / "file", b"content")

    with pytest.raises(EvidenceBroken):
        SealedFile(path, "b" * 64, BOOK)


def test_after_rotation_the_former_key_is_not_needed(tmp_path: Path) -> None:
    """Only the head is written anew; once."""
    path = _sealed(tmp_path / "file", b"content")
    both = KeyBook({"k-2": bytes(range(1, 33)), "k-1": bytes(range(32))})

    done = [rewrap(path, "a" * 64, both), rewrap(path, "a" * 64, both)]

    assert done == [True, False]
    assert SealedFile(path, "a" * 64, KeyBook({"k-2": bytes(range(1, 33))})).read() == b"content"
    with pytest.raises(SecretError, match="k-2"):
        SealedFile(path, "a" * 64, BOOK)


def _parts(path: str) -> tuple[str, int, str]:
    query = dict(each.split("=", 1) for each in path.split("?", 1)[1].split("&"))
    return query["by"], int(query["until"]), query["signature"]


def test_a_link_works_for_a_while_and_for_one_item() -> None:
    """Another item, another holder, a later end or a later moment: worthless."""
    links = EvidenceLinks(BOOK, 60.0)
    by, until, signature = _parts(links.path("a" * 64, "user:7", START))
    soon, late = START + timedelta(seconds=59), START + timedelta(seconds=60)

    assert links.valid("a" * 64, by, until, signature, soon)
    assert not links.valid("a" * 64, by, until, signature, late)
    assert not links.valid("b" * 64, by, until, signature, soon)
    assert not links.valid("a" * 64, "user:8", until, signature, soon)
    assert not links.valid("a" * 64, by, until + 60, signature, soon)
    assert not links.valid("a" * 64, by, until, signature[:-1], soon)


def test_a_link_survives_a_rotation() -> None:
    """What was given out before keeps working until it ends."""
    by, until, signature = _parts(EvidenceLinks(BOOK, 60.0).path("a" * 64, "user:7", START))
    rotated = KeyBook({"k-2": bytes(range(1, 33)), "k-1": bytes(range(32))})

    assert EvidenceLinks(rotated, 60.0).valid("a" * 64, by, until, signature, START)
