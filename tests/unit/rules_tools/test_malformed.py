"""Every malformed pack of the corpus gets file, line and column, and what to do about it.

``malformed/messages.txt`` holds what is said of each; after a deliberate change of a message write it
anew with ``python -m tests.unit.rules_tools.test_malformed`` and read the difference.
"""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cityloop.rules_tools.check import check_packs
from cityloop.rules_tools.commands import main
from cityloop.rules_tools.findings import Severity

CORPUS = Path(__file__).parent / "malformed"
GOLDEN = CORPUS / "messages.txt"
PACKS = sorted(CORPUS.glob("*.yaml"))
_LISTS = re.compile(
    r"(expected one of|the fields here are:|an? [a-z_]+ has) [^;()\n]*?(?= \(|;|$)",
    re.MULTILINE,
)
"""Enumerations of what there is: they grow with the language."""


def _told(path: Path) -> str:
    """Return what the check says of a pack, its name without folders and lists cut short."""
    lines: list[str] = []
    for finding in check_packs([path]):
        text = _LISTS.sub(r"\1 …", finding.message)
        lines.append(f"{path.name}:{finding.line}:{finding.column}: {text}")
    return "\n".join(lines)


def _golden() -> dict[str, str]:
    told: dict[str, str] = {}
    for line in GOLDEN.read_text("utf-8").splitlines():
        name = line.partition(":")[0]
        if name.endswith(".yaml"):
            told[name] = f"{told[name]}\n{line}" if name in told else line
            last = name
        else:
            told[last] += f"\n{line}"
    return told


def test_the_corpus_is_large_and_complete() -> None:
    """There are at least sixty packs, and every one has its message."""
    assert len(PACKS) >= 60
    assert set(_golden()) == {path.name for path in PACKS}


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_a_malformed_pack_is_told_where_and_what_to_do(path: Path) -> None:
    """The place is exact, and the message is the one that was read and found good."""
    assert _told(path) == _golden()[path.name]


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_a_malformed_pack_is_an_error_with_a_place_in_the_file(path: Path) -> None:
    """Line and column lie within the file, or just behind its end."""
    lines = path.read_bytes().split(b"\n")
    findings = check_packs([path])

    assert findings
    for finding in findings:
        assert finding.severity is Severity.ERROR
        assert 1 <= finding.line <= len(lines)
        assert 1 <= finding.column <= len(lines[finding.line - 1]) + 1


def test_the_whole_corpus_in_one_call_is_no_crash() -> None:
    """The command says something of each file, and exits with 1."""
    result = CliRunner().invoke(main, ["check", str(CORPUS)])

    assert result.exit_code == 1
    assert {path.name for path in PACKS} == {
        Path(line.partition(":")[0]).name
        for line in result.stdout.splitlines()
        if ".yaml:" in line.partition(" ")[0]
    }


if __name__ == "__main__":
    GOLDEN.write_text("".join(f"{_told(path)}\n" for path in PACKS), encoding="utf-8")
