"""Stored data in its forms: the same readings, wherever they come from."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from cityloop.rules_tools.errors import DataRefused, MissingLibrary
from cityloop.rules_tools.firings import firings_of
from cityloop.rules_tools.replay import replay
from cityloop.rules_tools.sources.mapping import load_mapping
from cityloop.rules_tools.sources.moments import moment_s
from cityloop.rules_tools.sources.opening import StoredData, open_data
from tests.unit.rules_tools.scenario import FLOOD, FLOOD_SERIES, T0, packs, write_csv

LOADED = packs(FLOOD)
MESSAGE = json.loads(
    (Path(__file__).parents[3] / "contracts/examples/readings.v1.json").read_text()
)


def _open(path: Path, mapping: str | None = None) -> StoredData:
    return open_data(str(path), load_mapping(mapping), [one.pack for one in LOADED])


def _found(data: StoredData) -> list[tuple[str, float, str]]:
    return [
        (one.key["subject"], one.onset_at.timestamp() - T0, one.level.value)
        for one in firings_of(replay(LOADED, data).events)
    ]


def _iso(at: float) -> str:
    return datetime.fromtimestamp(T0 + at, UTC).isoformat()


FOUND = [("uw-01", 60.0, "red")]


def test_a_csv_with_the_plain_names_needs_no_mapping(tmp_path: Path) -> None:
    """Columns at, subject and the field's name are enough."""
    assert _found(_open(write_csv(tmp_path / "uw.csv"))) == FOUND


def test_a_mapping_names_columns_units_and_zone(tmp_path: Path) -> None:
    """Foreign columns, centimetres, local times and another delimiter."""
    path = tmp_path / "export.csv"
    rows = [
        f"{datetime.fromtimestamp(T0 + at + 8 * 3600, UTC):%Y-%m-%d %H:%M:%S};uw-01;{100 * depth:.0f}"
        for at, depth in FLOOD_SERIES
    ]
    path.write_text("\n".join(["zeit;sensor;cm", *rows]), encoding="utf-8-sig")
    mapping = (
        "{at: zeit, subject: sensor, time_zone: Asia/Shanghai, delimiter: ';', "
        "fields: {depth_m: {column: cm, unit: cm}}}"
    )

    assert _found(_open(path, mapping)) == FOUND


def test_a_table_of_one_sensor_needs_no_subject(tmp_path: Path) -> None:
    """The sensor then has the file's name."""
    path = tmp_path / "UW-01.csv"
    path.write_text(
        "\n".join(["at,depth_m", *(f"{_iso(at)},{depth}" for at, depth in FLOOD_SERIES)])
    )

    assert _found(_open(path)) == FOUND


def test_arrival_times_make_late_rows_late(tmp_path: Path) -> None:
    """With an arrival column rows come in that order, whatever their own time."""
    path = tmp_path / "late.csv"
    rows = ["at,came,subject,depth_m", f"{_iso(60)},{_iso(90)},uw-01,0.1"]
    rows.append(f"{_iso(0)},{_iso(95)},uw-01,0.5")
    path.write_text("\n".join(rows))
    data = _open(path, "{arrived_at: came}")

    assert [entry.record.offset for entry in data.entries(tick_s=None) if entry.prepared] == [1, 2]


def test_a_parquet_file_is_a_table(tmp_path: Path) -> None:
    """Typed columns, timestamps included."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "uw.parquet"
    columns = {
        "at": [datetime.fromtimestamp(T0 + at, UTC) for at, _ in FLOOD_SERIES],
        "subject": ["uw-01"] * len(FLOOD_SERIES),
        "depth_m": [depth for _, depth in FLOOD_SERIES],
    }
    parquet.write_table(pa.table(columns), path)

    assert _found(_open(path)) == FOUND


def test_parquet_without_pyarrow_says_the_pip_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library is optional; who needs it is told how to get it."""
    path = tmp_path / "uw.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(MissingLibrary, match="pip install pyarrow"):
        _open(path)


def test_senml_lines_are_packs_and_records(tmp_path: Path) -> None:
    """A line is a whole SenML pack or one record; the profile follows from the packs."""
    path = tmp_path / "uw.jsonl"
    lines: list[object] = [
        [{"bn": "uw-01/", "bt": T0 + at, "n": "depth_m", "u": "m", "v": depth}]
        for at, depth in FLOOD_SERIES[:3]
    ]
    lines += [{"n": "uw-01/depth_m", "t": T0 + at, "v": depth} for at, depth in FLOOD_SERIES[3:]]
    path.write_text("\n".join(json.dumps(line) for line in lines))

    assert _found(_open(path)) == FOUND


def test_wire_messages_keep_their_topic_and_arrival(tmp_path: Path) -> None:
    """A message may stand by itself, or with where and when it came."""
    path = tmp_path / "messages.jsonl"
    topic = f"city/v1/north/bridge-7/{MESSAGE['box']}/readings"
    lines = []
    for number, (at, depth) in enumerate(FLOOD_SERIES):
        message = MESSAGE | {"seq": number, "at": _iso(at)}
        message["records"] = [
            {"bn": "uw-01/", "profile": "water_level", "n": "depth_m", "v": depth}
        ]
        stored = {"topic": topic, "arrived_at": _iso(at), "payload": message}
        lines.append(stored if number % 2 else message)
    path.write_text("\n".join(json.dumps(line) for line in lines))
    data = _open(path)

    assert _found(data) == FOUND
    assert {entry.record.topic for entry in data.lines} == {
        topic,
        f"city/v1/replay/replay/{MESSAGE['box']}/readings",
    }


@pytest.mark.parametrize(
    ("name", "text", "mapping", "reason"),
    [
        ("a.csv", "", None, "row 0: expected the names of the columns"),
        ("a.csv", "time,depth_m\n", None, "no column 'at' for 'at'"),
        ("a.csv", "at,level\n", None, "none of the columns at, level is a field"),
        ("a.csv", "at,depth_m\nyesterday,1\n", None, "row 1: time 'yesterday'"),
        ("a.csv", "at,depth_m\n1,2,3\n", None, "row 1: 3 values under 2 names"),
        ("a.csv", "at,depth_m\n", "{fields: {depht: x}}", "has no field 'depht'"),
        ("a.csv", "at,depth_m\n", "{profile: water_level, fields: {depth_m: {column: depth_m, unit: dB}}}",
         "'dB' does not measure"),
        ("a.csv", "at,depth_m\n", "{profile: water}", "'water' is unknown"),
        ("a.csv", "at,depth_m\n", "{att: x}", "did you mean 'at'"),
        ("a.csv", "at,depth_m\n", "{time_zone: Mars/Base}", "time zone 'Mars/Base' is unknown"),
        ("a.jsonl", "{}\n", None, "a.jsonl:1: "),
        ("a.jsonl", '\n{"n": "uw/depth_m", "v": 1}\n', None, "a.jsonl:2: SenML time relative"),
        ("a.jsonl", '{"type": "readings.v9"}\n', None, "a.jsonl:1: "),
        ("a.jsonl", "not json\n", None, "a.jsonl:1: "),
        ("a.xlsx", "", None, "unknown kind of file"),
    ],
)  # fmt: skip
def test_unreadable_data_is_refused_with_its_place(
    tmp_path: Path, name: str, text: str, mapping: str | None, reason: str
) -> None:
    """One clear line: which file, where in it, what was expected."""
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(DataRefused) as caught:
        _open(path, mapping)

    assert reason in str(caught.value)


def test_a_folder_without_a_journal_is_refused(tmp_path: Path) -> None:
    """A folder has to be a journal's or a gateway's."""
    with pytest.raises(DataRefused, match="no journal in this folder"):
        _open(tmp_path)


def test_readings_of_several_profiles_have_to_be_named(tmp_path: Path) -> None:
    """With packs that watch two profiles a table could be either's."""
    other = FLOOD.replace("water_level", "rain_gauge").replace("waterlogging", "rain")
    both = packs(FLOOD, other.replace("depth_m", "rain_mm_h").replace(" cm", " mm/h"))

    with pytest.raises(DataRefused, match="say it in --mapping"):
        open_data(
            str(write_csv(tmp_path / "a.csv")), load_mapping(None), [one.pack for one in both]
        )


def test_ticks_stand_before_each_second_and_in_gaps(tmp_path: Path) -> None:
    """As in a journal, the clock goes on between messages."""
    data = _open(write_csv(tmp_path / "a.csv", [(0.0, 0.1), (0.5, 0.1), (130.0, 0.1)]))

    ticks = [
        entry.record.arrived_at_us / 1e6 - T0
        for entry in data.entries(tick_s=60)
        if entry.prepared is None
    ]

    assert ticks == [0.0, 60.0, 120.0, 130.0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("1970-01-01T00:01:00Z", 60.0), ("1970-01-01T08:00:00+08:00", 0.0), ("60", 60.0),
     (1_767_225_600_000, T0), ("1767225600000", T0), (datetime(1970, 1, 1, tzinfo=UTC), 0.0)],
)  # fmt: skip
def test_times_in_their_forms(value: object, expected: float) -> None:
    """ISO 8601, seconds, milliseconds and typed timestamps mean the same."""
    assert moment_s(value) == expected


def test_bad_numbers_are_missing_and_counted(tmp_path: Path) -> None:
    """A cell that is no number makes its value unknown, not the whole file unreadable."""
    path = tmp_path / "a.csv"
    path.write_text(f"at,depth_m\n{_iso(0)},oops\n{_iso(60)},\n{_iso(120)},0.1\n")
    data = _open(path)
    assert data.table is not None

    assert data.table.values["depth_m"] == [None, None, 0.1]
    assert data.table.unreadable == 1
    assert replay(LOADED, data).unusable == {"unreadable": 1}
    assert msgspec.json.encode(firings_of(replay(LOADED, data).events)) == b"[]"


@pytest.mark.parametrize(
    "address",
    ["nats://anna:secret@hub:4222/READINGS", "nats://hub/READINGS", "nats://hub:port/READINGS"],
    ids=["password", "no-port", "port-is-a-word"],
)
def test_an_address_of_streams_is_host_port_and_name(address: str) -> None:
    """A password on the command line is refused, and not repeated."""
    with pytest.raises(DataRefused, match="belong into CITYLOOP_STREAM_USER") as caught:
        open_data(address, load_mapping(None), ())

    assert "secret" not in str(caught.value)
