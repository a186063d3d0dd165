"""Tables of places in files beside the packs: read, watched, journalled, and refused with file and line."""

from pathlib import Path

import pytest

from contracts.envelope import Place
from gateway.rule_packs import PackFiles, compile_packs, decode_packs, encode_packs, packs_digest
from rules.rule import Rule
from runtime.errors import ConfigError
from tests.unit.gateway.city import City

RULE = """\
rules:
- id: waterlogging
  event: {type: water.ponding, dedupe: [subject]}
  watch: {profile: water_level}
  key: [subject]
  for_each: ponds
  ladder:
  - {level: red, when: depth_m >= red, clear: depth_m < red - 5 cm, for: 0s, clear_for: 0s}
"""
CSV = "subject,lon,lat,red\nuw-01,121.47,31.23,40\nuw-02,121.48,31.23,90\n"
YAML = "uw-01: {lon: 121.47, lat: 31.23, red: 40}\nuw-02: {lon: 121.48, lat: 31.23, red: 90}\n"
GEOJSON = """{"type": "FeatureCollection", "features": [
{"type": "Feature", "properties": {"subject": "uw-01", "red": 40, "owner": "Li"},
 "geometry": {"type": "Point", "coordinates": [121.47, 31.23]}},
{"type": "Feature", "properties": {"subject": "uw-02", "red": 90},
 "geometry": {"type": "Point", "coordinates": [121.48, 31.23]}}]}
"""


def table(file: str) -> str:
    """Return a pack whose rule takes its thresholds from a file."""
    return f"places:\n  ponds: {{key: subject, columns: {{red: cm}}, file: {file}}}\n{RULE}"


def write(folder: Path, name: str, text: str) -> Path:
    """Write a pack with a file beside it; return the pack."""
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    pack = folder / "pack.yaml"
    pack.write_text(table(name), encoding="utf-8")
    return pack


def compiled(pack: Path) -> Rule:
    """Return the rule in a pack."""
    return compile_packs(PackFiles([pack]).read())[0].rules[0]


def fault(pack: Path) -> str:
    """Return why a pack is refused."""
    with pytest.raises(ConfigError) as caught:
        compiled(pack)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "text"),
    [("ponds.csv", CSV), ("tables/ponds.yaml", YAML), ("geo/ponds.geojson", GEOJSON)],
    ids=["csv", "yaml", "geojson"],
)
def test_rows_come_from_a_file_beside_the_pack(tmp_path: Path, name: str, text: str) -> None:
    """Whatever kind it is, the rows are those of the table written inline."""
    rows = compiled(write(tmp_path, name, text)).table

    assert rows is not None
    assert {key: dict(row.values) for key, row in rows.rows.items()} == {
        "uw-01": {"red": 0.4},
        "uw-02": {"red": 0.9},
    }
    assert rows.rows["uw-02"].place == Place(lon=121.48, lat=31.23)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.csv", CSV.replace("90", "deep"), "a.csv:3:1: red 'deep': expected a number"),
        ("a.csv", CSV.replace("31.23,90", "95,90"), "a.csv:3:1: lat 95: expected degrees to 90"),
        ("a.csv", CSV.replace("uw-02", "uw-01"), "a.csv:3:1: 'uw-01' is there already; keep one"),
        ("a.csv", CSV + "uw-03,1\n", "a.csv:4:1: 2 values; expected 4 as in line 1"),
        ("a.csv", CSV.replace("red", "rot"), "a.csv:1:1: column 'rot' is not in 'columns'"),
        ("a.csv", "lon,lat\n", "a.csv:1:1: expected the column names, 'subject' among them"),
        ("t/a.yaml", YAML.replace("90", "deep"), "t/a.yaml:2:8: uw-02: red 'deep': expected a number"),
        ("t/a.yaml", YAML.replace("red: 90", "rot: 90"), "t/a.yaml:2:39: uw-02.rot: column 'rot'"),
        ("t/a.yaml", YAML + "uw-03: 7\n", "t/a.yaml:3:8: uw-03: expected a mapping of columns"),
        ("t/a.yaml", "a: [\n", "t/a.yaml:2:1: "),
        ("a.geojson", GEOJSON.replace("Point", "Polygon", 1), "a.geojson:3:14: features[0].geometry: expected a Point"),
        ("a.geojson", GEOJSON.replace("subject", "name", 1), "a.geojson:2:35: features[0].properties: expected a property 'subject'"),
        ("a.geojson", "7", "a.geojson:1:1: expected a GeoJSON FeatureCollection"),
        ("a.txt", CSV, "pack.yaml:2:51: places.ponds.file: 'a.txt': expected a .csv, .yaml, .geojson file"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_file_is_told_with_its_line(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    """The error stands in the file that has it, not in the pack that names it."""
    assert fault(write(tmp_path, name, text)).removeprefix(f"{tmp_path}/").startswith(reason)


@pytest.mark.parametrize("name", ["../ponds.csv", "/etc/ponds.csv", "a/../../ponds.csv"])
def test_a_file_outside_the_packs_folder_is_refused(tmp_path: Path, name: str) -> None:
    """A pack reads what lies beside it and nothing else of the machine."""
    (tmp_path / "pack.yaml").write_text(table(name), encoding="utf-8")

    assert "beside the pack or in a folder there" in fault(tmp_path / "pack.yaml")


def test_a_file_that_is_not_there_is_told_at_its_name(tmp_path: Path) -> None:
    """File, line and column of the name, and what to check."""
    (tmp_path / "pack.yaml").write_text(table("ponds.csv"), encoding="utf-8")

    assert "pack.yaml:2:51: places.ponds.file: 'ponds.csv' cannot be read" in fault(
        tmp_path / "pack.yaml"
    )


def test_the_file_is_part_of_the_digest_of_the_packs_and_of_the_rules_version(
    tmp_path: Path,
) -> None:
    """A changed threshold is another rule, wherever it is written."""
    pack = write(tmp_path, "ponds.csv", CSV)
    before = (packs_digest(PackFiles([pack]).read()), compiled(pack).version)
    (tmp_path / "ponds.csv").write_text(CSV.replace("90", "80"), encoding="utf-8")
    after = (packs_digest(PackFiles([pack]).read()), compiled(pack).version)

    assert before[0] != after[0]
    assert before[1] != after[1]


def test_what_was_journalled_needs_no_file(tmp_path: Path) -> None:
    """A replay has the tables that the rules ran with, whatever became of the files."""
    sources = PackFiles([write(tmp_path, "ponds.csv", CSV)]).read()
    (tmp_path / "ponds.csv").unlink()

    (pack,) = compile_packs(decode_packs(encode_packs(sources)))

    assert pack.rules[0].table is not None
    assert set(pack.rules[0].table.rows) == {"uw-01", "uw-02"}


def test_a_changed_file_is_a_changed_pack(tmp_path: Path) -> None:
    """Files beside the packs are watched from the first reading on, and only their changes count."""
    files = PackFiles([write(tmp_path, "ponds.csv", CSV)])
    files.changed()
    files.read()

    quiet = files.changed()
    (tmp_path / "ponds.csv").write_text(CSV + "uw-03,,,10\n", encoding="utf-8")

    assert (quiet, files.changed(), files.changed()) == (False, True, False)


def test_a_running_gateway_takes_the_new_thresholds(tmp_path: Path) -> None:
    """The file is written anew, and the next flood is judged by it; a bad one keeps the running rows."""
    (tmp_path / "ponds.csv").write_text(CSV, encoding="utf-8")
    city = City(tmp_path, pack=table("ponds.csv"))
    city.step(1.0)
    (tmp_path / "ponds.csv").write_text(CSV.replace("40", "bad"), encoding="utf-8")
    city.step(1.0)
    (tmp_path / "ponds.csv").write_text(CSV.replace("40", "300"), encoding="utf-8")
    city.step(1.0)
    city.flood(7)

    assert city.api.names() == [
        ("system.rules_rejected", "open", "yellow"),
        ("system.rules_rejected", "end", "yellow"),
    ]
    assert "ponds.csv:2:1: red 'bad'" in city.api.events[0].title.en
    assert city.gateway.worker.counters["packs_loaded"] == 2
