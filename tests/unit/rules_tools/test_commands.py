"""The commands: exit codes, JSON, JUnit and what people read."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from cityloop.rules_tools.commands import main
from tests.unit.rules_tools.scenario import FLOOD, T0, write_csv

TESTED = (
    FLOOD
    + """\
  tests:
  - {name: good, series: {depth_m: "0.2x7@10s 0.1x40@10s"}, expect: ["blue@60s", "clear@370s"]}
"""
)
FAILING = TESTED.replace("blue@60s", "red@60s")


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Return the file of a good pack."""
    path = tmp_path / "flood.yaml"
    path.write_text(TESTED)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a CSV with one flood."""
    return write_csv(tmp_path / "uw.csv")


def _run(*arguments: object, stdin: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=stdin)


def test_check_exits_with_0_1_or_2(pack: Path, tmp_path: Path) -> None:
    """Fine, wrong, and called wrongly."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(FLOOD.replace("15 cm", "15 dB"))

    assert [
        _run("check", pack).exit_code,
        _run("check", bad).exit_code,
        _run("check", tmp_path / "none.yaml").exit_code,
    ] == [0, 1, 2]


def test_check_prints_positions_that_editors_understand(pack: Path, tmp_path: Path) -> None:
    """file:line:column: severity: message, and the same as JSON."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(FLOOD.replace("dedupe:", "dedup:"))
    text, found = _run("check", bad).stdout, json.loads(_run("check", bad, "--json").stdout)

    assert text.startswith(f"{bad}:3:32: error: ")
    assert (found["errors"], found["findings"][0]["line"]) == (1, 3)
    assert "did you mean 'dedupe'?" in found["findings"][0]["message"]


def test_strict_makes_warnings_count(tmp_path: Path) -> None:
    """A warning alone is exit code 0, with --strict 1."""
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text(FLOOD)
    second.write_text(FLOOD.replace("waterlogging", "again"))

    assert _run("check", tmp_path).exit_code == 0
    assert _run("check", tmp_path, "--strict").exit_code == 1


def test_tests_inside_packs_are_run(pack: Path, tmp_path: Path) -> None:
    """A good one passes; a failing one says what was expected and what was found."""
    failing = tmp_path / "failing.yaml"
    failing.write_text(FAILING)
    good, bad = _run("test", pack), _run("test", failing)

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert "expected red@60s, clear@370s; found blue@60s, clear@370s" in bad.stdout
    assert json.loads(_run("test", failing, "--json").stdout)["failures"] == 1


def test_junit_has_a_suite_per_pack_and_a_failure(pack: Path, tmp_path: Path) -> None:
    """Build servers show the rule as class and the test as case."""
    failing, report = tmp_path / "failing.yaml", tmp_path / "junit.xml"
    failing.write_text(FAILING.replace("waterlogging", "ponding"))
    result = _run("test", pack, failing, "--junit", report)
    root = ET.parse(report).getroot()

    assert result.exit_code == 1
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert [suite.get("failures") for suite in root] == ["0", "1"]
    cases = root.findall(".//testcase")
    assert [case.get("classname") for case in cases] == ["waterlogging", "ponding"]
    assert [len(case.findall("failure")) for case in cases] == [0, 1]


def test_replay_tells_people_and_machines_the_same(pack: Path, data: Path) -> None:
    """One line an event, and one JSON object."""
    text = _run("replay", pack, "--from", data).stdout
    report = json.loads(_run("replay", pack, "--from", data, "--json").stdout)

    assert "1 events (0 open), 3 statements from 6 records" in text
    assert report["digest"] in text
    assert (report["count"], report["by_rule"]) == (1, {"waterlogging": 1})
    assert report["events"][0]["delay_s"] == 120.0


def test_replay_reads_lines_from_standard_input(pack: Path) -> None:
    """A stream may be piped in."""
    lines = "\n".join(
        json.dumps({"n": "uw-01/depth_m", "t": T0 + at, "v": 0.2}) for at in range(0, 80, 10)
    )
    report = json.loads(_run("replay", pack, "--from", "-", "--json", stdin=lines).stdout)

    assert (report["count"], report["open"], report["records"]) == (1, 1, 8)


def test_replay_scores_labels(pack: Path, data: Path, tmp_path: Path) -> None:
    """Precision, recall and lead time where the truth is known."""
    labels = tmp_path / "labels.csv"
    labels.write_text(f"subject,from,to\nuw-01,{T0 + 200},{T0 + 280}\n")
    report = json.loads(_run("replay", pack, "--from", data, "--labels", labels, "--json").stdout)

    assert (report["score"]["precision"], report["score"]["recall"]) == (1.0, 1.0)
    assert report["score"]["lead_s_median"] == 20.0


def test_only_a_journal_can_be_replayed_without_a_pack(data: Path) -> None:
    """A table does not say which rules were in force."""
    result = _run("replay", "--from", data)

    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_diff_exits_with_1_only_when_asked(pack: Path, data: Path, tmp_path: Path) -> None:
    """Removed alarms are listed with a minus."""
    other = tmp_path / "other.yaml"
    other.write_text(FLOOD.replace("15 cm", "60 cm").replace("40 cm", "90 cm"))
    plain = _run("diff", pack, other, "--on", data)

    assert plain.exit_code == 0
    assert plain.stdout.startswith("- 2026-01-01 00:01:00")
    assert "0 added, 1 removed, 0 moved, 0 the same" in plain.stdout
    assert _run("diff", pack, other, "--on", data, "--exit-code").exit_code == 1
    assert _run("diff", pack, pack, "--on", data, "--exit-code").exit_code == 0


def test_diff_says_which_version_met_reality(pack: Path, data: Path, tmp_path: Path) -> None:
    """A change that removes the one right alarm is seen to do so, line by line and in the score."""
    other, labels = tmp_path / "other.yaml", tmp_path / "labels.csv"
    other.write_text(FLOOD.replace("15 cm", "60 cm").replace("40 cm", "90 cm"))
    labels.write_text("subject,from,to\nuw-01,2026-01-01T00:02:00Z,2026-01-01T00:05:00Z\n")

    plain = _run("diff", pack, other, "--on", data, "--labels", labels).stdout.splitlines()
    told = json.loads(_run("diff", pack, other, "--on", data, "--labels", labels, "--json").stdout)

    assert plain[0].startswith("- 2026-01-01 00:01:00")
    assert plain[0].endswith("[met]")
    assert plain[2].startswith("old: precision 100.0%, recall 100.0% (1 of 1 labels)")
    assert plain[3].startswith("new: precision none, recall 0.0% (0 of 1 labels)")
    assert (told["score"]["old"]["recall"], told["score"]["new"]["recall"]) == (1.0, 0.0)
    assert len(told["removed"]) == 1


def test_diff_marks_false_alarms(pack: Path, data: Path, tmp_path: Path) -> None:
    """An alarm that met no label is one."""
    other, labels = tmp_path / "other.yaml", tmp_path / "labels.csv"
    other.write_text(FLOOD.replace("15 cm", "60 cm").replace("40 cm", "90 cm"))
    labels.write_text("subject,from,to\nuw-01,2026-01-02T00:00:00Z,2026-01-02T01:00:00Z\n")

    plain = _run("diff", pack, other, "--on", data, "--labels", labels).stdout.splitlines()
    quiet = json.loads(_run("diff", pack, other, "--on", data, "--json").stdout)

    assert plain[0].endswith("[false]")
    assert quiet["score"] is None


def test_explain_prints_the_tree(pack: Path) -> None:
    """Text for people, the same tree as JSON."""
    text = _run("explain", pack, "--values", "depth_m=30 cm").stdout
    tree = json.loads(_run("explain", pack, "--values", "depth_m=30 cm", "--json").stdout)

    assert "depth_m >= 0.15 m  →  true" in text
    assert tree["raises"] == "blue"
    assert tree["steps"][0]["when"]["parts"][0] == {"text": "depth_m", "value": 0.3}


def test_new_writes_a_pack_and_never_over_another(tmp_path: Path) -> None:
    """A template is no reason to lose work."""
    path = tmp_path / "new.yaml"

    assert _run("new", "--profile", "noise", "-o", path).exit_code == 0
    assert _run("check", path, "--strict").exit_code == 0
    assert _run("new", "--profile", "noise", "-o", path).exit_code == 1
    assert _run("new", "--profile", "nose").exit_code == 2


def test_schema_is_printed_or_written(tmp_path: Path) -> None:
    """The same document both ways."""
    path = tmp_path / "pack.schema.json"
    _run("schema", "-o", path)

    assert path.read_text("utf-8") == _run("schema").stdout
    assert json.loads(path.read_text("utf-8"))["title"] == "cityloop rule pack"


def test_plot_writes_a_picture(pack: Path, data: Path, tmp_path: Path) -> None:
    """From pack, data and key."""
    pytest.importorskip("matplotlib")
    picture = tmp_path / "uw.png"
    result = _run("plot", pack, "--on", data, "--key", "subject=uw-01", "-o", picture)

    assert result.exit_code == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_bad_pack_is_told_by_every_command(data: Path, tmp_path: Path) -> None:
    """One line on the error stream, never a traceback."""
    bad = tmp_path / "bad.yaml"
    bad.write_text("rules: 5\n")
    results = [
        _run("test", bad),
        _run("replay", bad, "--from", data),
        _run("diff", bad, bad, "--on", data),
        _run("explain", bad),
        _run("plot", bad, "--on", data, "--key", "subject=x", "-o", tmp_path / "a.png"),
    ]

    assert {result.exit_code for result in results} == {1}
    assert all(result.stderr.startswith(f"{bad}:1:8: error: ") for result in results)
