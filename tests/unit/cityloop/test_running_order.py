"""The order of the tests themselves: who begins with what, and that the table of seconds names what is there."""

import json
from pathlib import Path

import pytest

from tests.running_order import SECONDS, SecondsOfFiles, next_one

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("shortest", "expected"), [(True, "new.py"), (False, "long.py")], ids=["first", "others"]
)
def test_one_worker_begins_at_the_other_end(shortest: bool, expected: str) -> None:
    """The first worker takes the shortest file, where an unlisted one counts as short; the others take the longest."""
    seconds = {"long.py": 90.0, "middle.py": 9.0}

    chosen = next_one(["middle.py", "new.py", "long.py"], seconds, shortest=shortest)

    assert expected == chosen


def test_what_is_listed_is_there() -> None:
    """The table of seconds names files of this tree."""
    gone = [path for path in json.loads(SECONDS.read_text()) if not (ROOT / path).exists()]

    assert gone == [], f"strike them off {SECONDS.name}"


def test_seconds_are_written_down_beside_those_of_other_files(tmp_path: Path) -> None:
    """What ran replaces its figure, what is short goes, what did not run stays."""
    table = tmp_path / "seconds.json"
    table.write_text(json.dumps({"a.py": 50.0, "b.py": 20.0, "c.py": 7.0}))
    ran = SecondsOfFiles(table)

    for path, taken_s in (("a.py", 30.0), ("a.py", 12.5), ("b.py", 0.5)):
        ran.pytest_runtest_logreport(_report(f"{path}::test_it", taken_s))
    ran.pytest_sessionfinish()

    assert json.loads(table.read_text()) == {"a.py": 42.5, "c.py": 7.0}


def _report(nodeid: str, duration: float) -> pytest.TestReport:
    return pytest.TestReport(
        nodeid, (nodeid, 0, nodeid), {}, "passed", None, "call", duration=duration
    )
