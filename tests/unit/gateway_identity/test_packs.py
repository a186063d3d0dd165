"""Packs that were approved at the API come into force at the gateway, and it says so."""

from pathlib import Path

import pytest

from contracts.packs import DesiredPack, DesiredPacks, PackReport, pack_sha256
from gateway.approved_packs import ApprovedPacks
from tests.unit.gateway_identity.fleet_city import FleetCity

LADDER = """rules:
- id: {rule}
  event: {{type: water.ponding, title: {{zh: 积水, en: Water}}, dedupe: [subject]}}
  watch: {{profile: water_level}}
  key: [subject]
  ladder:
  - {{level: blue, when: depth_m >= {depth}, clear: depth_m < 1 cm, for: 60s, clear_for: 5m}}
"""


def pack(name: str, text: str, **files: str) -> DesiredPack:
    """Return an approved pack."""
    return DesiredPack(name=name, sha256=pack_sha256(text), text=text, files=files)


def _hear(city: FleetCity) -> None:
    """Let the gateway poll, look at its files, and report."""
    for _ in range(3):
        city.settle()


def told(city: FleetCity) -> PackReport:
    """Return what the gateway told last of its packs."""
    return [report.packs for report in city.registry.reports if report.packs is not None][-1]


def test_an_approved_pack_takes_the_place_of_its_namesake(tmp_path: Path) -> None:
    """It is in force after a look at the files, and told with text and revision; the other is gone."""
    city = FleetCity(tmp_path)
    city.settle()
    before = told(city)
    assert len(before.packs) == 1
    name = before.packs[0].name
    text = LADDER.format(rule="approved", depth="20 cm")
    city.registry.approve(pack(name, text), pack("more", LADDER.format(rule="more", depth="1 m")))
    _hear(city)
    now = told(city)

    assert {name: pack_sha256(text)} | {"more": now.packs[1].sha256} == {
        one.name: one.sha256 for one in now.packs
    }
    assert (now.refused, now.revision) == ("", 2)
    assert now.packs[0].text == text


def test_a_pack_that_does_not_compile_changes_nothing_and_is_told(tmp_path: Path) -> None:
    """What ran before runs on; the reason has file, line and column."""
    city = FleetCity(tmp_path)
    city.settle()
    before = told(city)
    broken = LADDER.format(rule="broken", depth="20 dB")
    city.registry.approve(pack(before.packs[0].name, broken))
    _hear(city)
    now = told(city)

    assert now.packs == before.packs
    assert f"{before.packs[0].name}.yaml:7:" in now.refused


@pytest.mark.parametrize(
    ("found", "name"),
    [
        pytest.param(
            DesiredPack(name="flood", sha256="a" * 64, text="rules: []\n"), "flood", id="hash"
        ),
        pytest.param(
            pack("flood", "rules: []\n", **{"../../etc/passwd.csv": "x"}), "flood", id="above"
        ),
        pytest.param(pack("flood", "rules: []\n", **{"other.yaml": "x"}), "flood", id="a pack"),
    ],
)
def test_unsound_packs_are_left_out(tmp_path: Path, found: DesiredPack, name: str) -> None:
    """Nothing is written for them, and the revision goes on."""
    approved = ApprovedPacks(tmp_path / "approved")
    approved.keep(DesiredPacks(revision=4, complete=True, packs=(found,)))

    assert not (tmp_path / "approved" / f"{name}.yaml").exists()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["revision"]
    assert ApprovedPacks(tmp_path / "approved").revision == 4


def test_tables_come_with_their_pack(tmp_path: Path) -> None:
    """A file of a table lies beside the pack as the pack names it."""
    approved = ApprovedPacks(tmp_path / "approved")
    approved.keep(
        DesiredPacks(
            revision=1, complete=True, packs=(pack("rivers", "rules: []\n", **{"t/a.csv": "x,y"}),)
        )
    )

    assert (tmp_path / "approved" / "t" / "a.csv").read_text("utf-8") == "x,y"
    assert approved.over([Path("/own/rivers.yaml"), Path("/own/flood.yaml")]) == [
        tmp_path / "approved" / "rivers.yaml",
        Path("/own/flood.yaml"),
    ]
