"""Compiling packs: what is refused, where, and what a rule becomes."""

from typing import Any

import pytest

from rules.pack import compile_pack
from tests.unit.rules.scenario import WATERLOGGING, PackFault, pack, rule, step

BLUE = step("blue", "depth_m > 15 cm")
TRACKS = {"watch": {"stream": "tracks"}, "key": ["camera", "track"]}
DWELL = [step("blue", "dwell_s > 60 s")]


def fault(data: object) -> PackFault:
    """Return why a pack is refused."""
    with pytest.raises(PackFault) as caught:
        compile_pack(data, "test", PackFault)
    return caught.value


@pytest.mark.parametrize(
    ("changes", "path", "reason"),
    [
        ({"id": "Water Logging"}, ("id",), "expected 1 to 64 characters of a-z"),
        ({"id": None}, (), "'id' is missing"),
        ({"ladder": None}, (), "'ladder' is missing"),
        ({"ladder": []}, ("ladder",), "expected at least one step"),
        ({"event": {"type": "a", "level": "red"}}, ("event", "level"), "only for a rule with 'quality'"),
        ({"ladder": {}}, ("ladder",), "expected a list, found a mapping"),
        ({"ladder": [step("green", "depth_m > 1")]}, ("ladder", 0, "level"), "'green'"),
        ({"ladder": [BLUE, BLUE]}, ("ladder", 1, "level"), "expected ascending levels"),
        ({"ladder": [step("red", "depth_m > 1"), BLUE]}, ("ladder", 1, "level"), "blue after red"),
        ({"ladder": [{"level": "blue"}]}, ("ladder", 0), "'when' is missing"),
        ({"ladder": [step("blue", "depht_m > 1")]}, ("ladder", 0, "when"), "did you mean 'depth_m'"),
        ({"ladder": [step("blue", "depth_m > 3 dB")]}, ("ladder", 0, "when"), "column 11"),
        ({"ladder": [step("blue", "depth_m > 1", for_="60")]}, ("ladder", 0, "for"), "no duration"),
        ({"ladder": [step("blue", "depth_m > 1", for_="-1s")]}, ("ladder", 0, "for"), "no duration"),
        ({"ladder": [step("blue", "depth_m > 1", clear_for="9999d")]}, ("ladder", 0, "clear_for"), "year"),
        ({"ladder": [{**BLUE, "for": 60}]}, ("ladder", 0, "for"), "expected a text, found a whole number"),
        ({"ladder": [{**BLUE, "untl": "5m"}]}, ("ladder", 0, "untl"), "'untl' is unknown"),
        ({"ladder": [{**BLUE, "cler": "true"}]}, ("ladder", 0, "cler"), "did you mean 'clear'?"),
        ({"ladder": [step("blue", "depth_m > 1", clear="depth_m < 2")]}, ("ladder", 0, "clear"), "flap"),
        ({"ladder": [step("blue", "depth_m > 9 m")]}, ("ladder", 0, "when"), "never fires"),
        ({"ladder": [step("blue", "depth_m > 1", clear="depth_m < 0")]}, ("ladder", 0, "clear"), "never clears"),
        ({"ladder": [step("blue", "depth_m > 40 cm"), step("red", "depth_m > 15 cm")]}, ("ladder", 1, "when"), "where the step below does not"),
        ({"ladder": [step("blue", when=True)]}, ("ladder", 0, "when"), "reads no field"),
        ({"ladder": [step("blue", "depth_m >= 0")]}, ("ladder", 0, "when"), "never clears"),
        ({"event": {"type": "Water"}}, ("event", "type"), "dotted lower case"),
        ({"event": {"type": "a", "title": {"zh": "x"}}}, ("event", "title"), "'en' is missing"),
        ({"event": {"type": "a", "title": {"zh": "x", "en": "{depth}"}}}, ("event", "title", "en"), "'depth' is not known here"),
        ({"event": {"type": "a", "title": {"zh": "{site.x}", "en": ""}}}, ("event", "title", "zh"), "no placeholder"),
        ({"event": {"type": "a", "dedupe": ["zone"]}}, ("event", "dedupe", 0), "'zone' is no key"),
        ({"event": {"type": "a", "preplan": "A b"}}, ("event", "preplan"), "expected 1 to 64"),
        ({"event": {"type": "a", "tittle": {}}}, ("event", "tittle"), "did you mean 'title'?"),
        ({"watch": {}}, ("watch",), "exactly one of 'profile' and 'stream'"),
        ({"watch": {"profile": "noise", "stream": "tracks"}}, ("watch",), "exactly one"),
        ({"watch": {"profile": "watr_level"}}, ("watch", "profile"), "expected one of water_level"),
        ({"watch": {"stream": "readings"}}, ("watch", "stream"), "watched by 'profile'"),
        ({"watch": {"profile": "water_level", "class": "car"}}, ("watch", "class"), "has no class"),
        ({"watch": {"profile": "water_level", "kind": "wrong_way"}}, ("watch", "kind"), "only observations"),
        ({"watch": {"stream": "observations", "kind": "dancing"}, "key": ["camera"]}, ("watch", "kind"), "expected one of zone_presence"),
        ({"key": []}, ("key",), "at least one name"),
        ({"key": ["subject", "subject"]}, ("key", 1), "stands twice"),
        ({"key": ["camera"]}, ("key", 0), "expected one of subject, box, site, district"),
        ({**TRACKS, "ladder": DWELL, "key": ["camera"]}, ("key",), "expected 'track' in it"),
        ({"ladder": [{**BLUE, "repeat": {"count": 1, "within": "5m"}}]}, ("ladder", 0, "repeat", "count"), "at least 2"),
        ({"ladder": [{**BLUE, "repeat": {"count": 2}}]}, ("ladder", 0, "repeat"), "'within' is missing"),
        ({"ladder": [{**BLUE, "repeat": {"count": 2, "within": "5"}}]}, ("ladder", 0, "repeat", "within"), "no duration"),
        ({"ladder": [{**BLUE, "repeat": {"cnt": 2}}]}, ("ladder", 0, "repeat", "cnt"), "did you mean 'count'?"),
        ({"gap": "20s"}, ("gap",), "gap bridges tracks and observations"),
        ({"where": "depth_m"}, ("where",), "expected true or false"),
        ({"version": "a b"}, ("version",), "letters, digits"),
    ],
)  # fmt: skip
def test_refusals_name_the_place_and_the_reason(
    changes: dict[str, Any], path: tuple[str | int, ...], reason: str
) -> None:
    """A faulty rule is refused at the path of the fault, with what was expected."""
    found = fault({"rules": [rule(**changes)]})

    assert found.path == ("rules", 0, *path)
    assert reason in found.message


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        (None, (), "expected a mapping with 'rules', found nothing"),
        ([], (), "found a list"),
        ({}, (), "'rules' is missing"),
        ({"rules": []}, ("rules",), "at least one rule"),
        ({"rules": ["x"]}, ("rules", 0), "expected a mapping, found a text"),
        ({"rules": [WATERLOGGING, WATERLOGGING]}, ("rules", 1, "id"), "declared twice"),
        ({"rulez": []}, ("rulez",), "did you mean 'rules'?"),
    ],
)
def test_faults_of_the_whole_file(data: object, path: tuple[str | int, ...], reason: str) -> None:
    """What is wrong with the file as a whole is said as plainly."""
    found = fault(data)

    assert found.path == path
    assert reason in found.message


def test_a_version_follows_the_content() -> None:
    """The same content in another order has the same version, another threshold another one."""
    version = pack().rules[0].version
    turned = dict(reversed(list(WATERLOGGING.items())))
    other = rule(ladder=[BLUE])

    assert pack(turned).rules[0].version == version
    assert pack(other).rules[0].version != version
    assert pack(rule(version="2026-11")).rules[0].version == "2026-11"


def test_freshness_comes_from_the_profile_or_the_gap() -> None:
    """Readings are fresh for 2.5 cadences, tracks for their gap or 20 s, observations until they end."""
    bare, gap = rule(**TRACKS, ladder=DWELL), rule(**TRACKS, ladder=DWELL, gap="45s")
    lane = rule(watch={"stream": "observations"}, key=["camera"], ladder=DWELL)

    assert [25.0, 20.0, 45.0, float("inf")] == [
        pack(one).rules[0].fresh_s for one in (WATERLOGGING, bare, gap, lane)
    ]


def test_a_single_filter_value_may_stand_alone() -> None:
    """``class: car`` means the same as ``class: [car]``."""
    watch = {"stream": "tracks", "class": "car", "zone_kind": ["a", "b"]}

    filters = pack(rule(watch=watch, key=["track"], ladder=DWELL)).rules[0].filters

    assert filters == (("class", frozenset({"car"})), ("zone_kind", frozenset({"a", "b"})))


def test_where_becomes_part_of_both_conditions() -> None:
    """People see it in the text of the condition that decided."""
    made = pack(rule(where="depth_m < 4", ladder=[step("blue", "depth_m > 1")])).rules[0].steps[0]

    assert made.when.text == "(depth_m < 4) && (depth_m > 1)"
    assert made.clear.text == "!(depth_m < 4) || (!(depth_m > 1))"
