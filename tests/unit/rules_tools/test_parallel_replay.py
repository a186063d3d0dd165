"""Several tables are replayed as one, also by several processes."""

from pathlib import Path

import pytest

from cityloop.rules_tools.errors import DataRefused, RulesToolError
from cityloop.rules_tools.firings import Firing, firings_of, statements_digest
from cityloop.rules_tools.parallel_replay import Share, replay_many
from cityloop.rules_tools.replay import Replay, ReplayWindow
from tests.unit.rules_tools.scenario import FLOOD, FLOOD_SERIES, T0

SENSORS = ("uw-01", "uw-02", "uw-03")


def share(tmp_path: Path, text: str = FLOOD) -> Share:
    """Return what each process is told."""
    pack = tmp_path / "pack.yaml"
    pack.write_text(text, encoding="utf-8")
    return Share((pack,), None, ReplayWindow(), "replay", None)


def write(path: Path, *subjects: str) -> str:
    """Write the floods of some sensors; return the file's name."""
    rows = [
        (T0 + at + 7 * number, subject, depth)
        for number, subject in enumerate(subjects)
        for at, depth in FLOOD_SERIES
    ]
    lines = ["at,subject,depth_m", *(f"{at:.0f},{name},{depth}" for at, name, depth in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def many(tmp_path: Path, jobs: int, *names: str) -> Replay:
    """Return the replay of tables."""
    return replay_many(share(tmp_path), names, jobs=jobs)


def told(found: Replay) -> list[Firing]:
    """Return the episodes in an order of their own."""
    return sorted(firings_of(found.events), key=lambda firing: firing.event_id)


@pytest.mark.parametrize(
    "jobs", [1, pytest.param(2, marks=pytest.mark.slow)], ids=["one process", "two processes"]
)
def test_tables_of_their_own_are_as_good_as_one(jobs: int, tmp_path: Path) -> None:
    """Statements, digest, counts and times are those of a single file with all rows."""
    names = [write(tmp_path / f"{name}.csv", name) for name in SENSORS]
    other = replay_many(share(tmp_path), [str(tmp_path / "uw-01.csv")], jobs=1)
    counted: list[int] = []

    found = replay_many(share(tmp_path), names, jobs=jobs, progress=counted.append)

    assert len(found.events) == 3 * len(other.events) > 0
    assert found.records == 3 * len(FLOOD_SERIES)
    assert counted == [6, 12, 18]
    assert (found.first_s, found.last_s) == (other.first_s, other.last_s)


def test_the_episodes_are_those_of_all_rows_in_one_file(tmp_path: Path) -> None:
    """Which file a sensor is in makes no difference, nor does the order of the files."""
    whole = many(tmp_path, 1, write(tmp_path / "all.csv", *SENSORS))
    first = write(tmp_path / "first.csv", SENSORS[0])
    # the others are seven seconds later each, as in the whole
    others = write(tmp_path / "others.csv", *SENSORS)
    text = Path(others).read_text("utf-8").splitlines()
    Path(others).write_text(
        "\n".join(line for line in text if SENSORS[0] not in line) + "\n", encoding="utf-8"
    )

    apart = many(tmp_path, 1, first, others)

    assert told(whole) == told(apart)
    assert statements_digest(apart.events) == statements_digest(
        many(tmp_path, 1, others, first).events
    )


def test_a_sensor_in_two_files_is_refused(tmp_path: Path) -> None:
    """Its rows would be judged as two sensors'."""
    names = [write(tmp_path / name, "uw-01") for name in ("one.csv", "two.csv")]

    with pytest.raises(DataRefused, match=r"'uw-01' is in .*one\.csv and in .*two\.csv"):
        many(tmp_path, 1, *names)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("key: [subject]", "key: [site]"),
        ("dedupe: [subject]", "dedupe: [subject], group: {by: [site]}"),
    ],
    ids=["key", "group"],
)
def test_a_rule_over_several_sensors_is_refused(old: str, new: str, tmp_path: Path) -> None:
    """A key without the subject, or a group, brings sensors together that lie in different files."""
    text = FLOOD.replace(old, new)
    names = [write(tmp_path / f"{name}.csv", name) for name in SENSORS]

    with pytest.raises(RulesToolError, match="'waterlogging' looks at several sensors"):
        replay_many(share(tmp_path, text), names, jobs=1)


def test_messages_are_replayed_alone(tmp_path: Path) -> None:
    """Lines and journals have an order of their own over all sensors."""
    lines = tmp_path / "lines.jsonl"
    lines.write_text('[{"bn": "uw-01/", "bt": 1767225600, "n": "depth_m", "u": "m", "v": 0.2}]\n')

    with pytest.raises(DataRefused, match="a journal or messages are replayed alone"):
        many(tmp_path, 1, str(lines), write(tmp_path / "two.csv", "uw-02"))
