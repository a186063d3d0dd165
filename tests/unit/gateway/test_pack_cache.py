"""Kept packs are used for the text they were made from, and for nothing else."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from gateway import rule_packs
from gateway.pack_cache import PackCache, code_version
from gateway.rule_packs import PackSource, compile_packs
from runtime.errors import ConfigError

RULE = """- id: pond-{n}
  event: {{type: water.ponding, dedupe: [subject]}}
  watch: {{profile: water_level, subject: p{n}}}
  key: [subject]
  ladder:
  - {{level: blue, when: depth_m >= {depth} cm, clear: depth_m < 12 cm, for: 60s, clear_for: 5m}}
"""


def text_of(rules: int = 300, depth: str = "15") -> str:
    """Return a pack large enough to be kept."""
    return "rules:\n" + "".join(RULE.format(n=n, depth=depth) for n in range(rules))


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Let nothing be remembered from the test before."""
    rule_packs._compiled.cache_clear()


def compiled(folder: Path, text: str) -> list[str]:
    """Return the versions of the rules of a pack, compiled as by a process that just started."""
    rule_packs._compiled.cache_clear()
    packs = compile_packs([PackSource("many.yaml", text)], PackCache(folder))
    return [rule.version for rule in packs[0].rules]


def files(folder: Path) -> list[Path]:
    """Return what is kept."""
    return sorted(folder.glob("*.pack"))


def test_a_pack_is_the_same_from_the_cache(tmp_path: Path) -> None:
    """Rules, versions and conditions: everything that the text gives."""
    sources = [PackSource("many.yaml", text_of())]
    plain = compile_packs(sources)
    compiled(tmp_path, text_of())
    rule_packs._compiled.cache_clear()

    with capture_logs() as logs:
        again = compile_packs(sources, PackCache(tmp_path))

    assert plain == again
    assert len(files(tmp_path)) == 1
    assert logs == []


def test_the_cache_is_really_used(tmp_path: Path) -> None:
    """Data put into the file in place of the pack's own is what comes out."""
    compiled(tmp_path, text_of())
    text, other = text_of(), compile_packs([PackSource("many.yaml", text_of(depth="20"))])
    (path,) = files(tmp_path)
    head = path.read_bytes()[: -len(path.read_bytes()) + 16 + 64]
    body = msgspec.msgpack.encode(_data(text_of(depth="20")))
    path.write_bytes(head + hashlib.sha256(body).digest() + body)

    assert [rule.version for rule in other[0].rules] == compiled(tmp_path, text)


def _data(text: str) -> object:
    from runtime.yaml_document import parse_document  # noqa: PLC0415 - only here

    return parse_document(text, "x").data


def _flip(raw: bytes) -> bytes:
    return raw[:-10] + bytes([raw[-10] ^ 1]) + raw[-9:]


def _of_another_version(raw: bytes) -> bytes:
    return raw.replace(code_version(), b"\x00" * 32)


def _false_hash_of_junk(raw: bytes) -> bytes:
    body = b"\xc1 no msgpack"
    return raw[: 16 + 64] + hashlib.sha256(body).digest() + body


def _another_pack(raw: bytes) -> bytes:
    body = msgspec.msgpack.encode({"rules": [{"id": "BAD ID"}]})
    return raw[: 16 + 64] + hashlib.sha256(body).digest() + body


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_flip, "pack_cache_refused"),
        (lambda raw: raw[:100], "pack_cache_refused"),
        (lambda _: b"", "pack_cache_refused"),
        (lambda _: b"\x80\x04\x95pickle", "pack_cache_refused"),
        (_false_hash_of_junk, "pack_cache_refused"),
        (_another_pack, "pack_cache_refused"),
        (_of_another_version, "pack_cache_outdated"),
    ],
    ids=["a bit", "cut", "empty", "pickle", "no msgpack", "no pack", "another version"],
)
def test_what_is_damaged_is_read_from_the_text(
    damage: Callable[[bytes], bytes], said: str, tmp_path: Path
) -> None:
    """The rules are right, the log says why, and the file is made anew."""
    right = compiled(tmp_path, text_of())
    (path,) = files(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))

    with capture_logs() as logs:
        found = compiled(tmp_path, text_of())

    assert right == found
    assert [said] == [entry["event"] for entry in logs]
    assert whole == path.read_bytes()


def test_another_text_has_another_file(tmp_path: Path) -> None:
    """A pack that was changed by one letter is read."""
    assert compiled(tmp_path, text_of(depth="15")) != compiled(tmp_path, text_of(depth="16"))
    assert len(files(tmp_path)) == 2


def test_small_packs_are_not_kept(tmp_path: Path) -> None:
    """What is read in milliseconds needs no file."""
    compiled(tmp_path, text_of(rules=3))

    assert files(tmp_path) == []


def test_a_broken_pack_is_not_kept_and_has_its_place(tmp_path: Path) -> None:
    """A fault is told with line and column, as without a cache."""
    text = text_of() + RULE.format(n=300, depth="x")

    with pytest.raises(ConfigError, match=r"^many\.yaml:1807:\d+: rules\[300\]"):
        compiled(tmp_path, text)
    assert files(tmp_path) == []


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    """The folder keeps to its budget, and never drops what was just written."""
    cache = PackCache(tmp_path, budget_bytes=2_000)
    for name in ("one", "two", "three"):
        cache.keep(name, {"text": name * 300})
    kept = [name for name in ("one", "two", "three") if cache.load(name) is not None]

    assert kept[-1] == "three"
    assert sum(path.stat().st_size for path in files(tmp_path)) <= 2_000


def test_a_folder_that_cannot_be_written_is_only_said(tmp_path: Path) -> None:
    """A full or read-only disk costs time, nothing else."""
    (tmp_path / "file").write_text("in the way")

    with capture_logs() as logs:
        found = compiled(tmp_path / "file", text_of())

    assert len(found) == 300
    assert {entry["event"] for entry in logs} == {"pack_cache_refused", "pack_cache_not_written"}


@pytest.mark.parametrize(
    "data", [{"a": float("nan")}, {1: 2}, {"a": 2**70}, {"a": (1, 2)}, {"a": b"x"}], ids=repr
)
def test_what_would_come_back_otherwise_is_not_kept(data: object, tmp_path: Path) -> None:
    """Only what MessagePack gives back as it was."""
    PackCache(tmp_path).keep("x", data)

    assert files(tmp_path) == []
