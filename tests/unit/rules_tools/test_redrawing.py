"""Zones and lines that are only drawn, tried on the tracks that a camera told."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cityloop.rules_tools.commands import main
from cityloop.rules_tools.redrawing import Redrawn, redraw
from cityloop.rules_tools.sources.message_lines import message_entry
from cityloop.rules_tools.stored_tracks import StoredMoment, stored_tracks
from contracts.codec import encode
from contracts.envelope import Channel
from contracts.readings import moment
from contracts.tracks import Tracks, TrackState
from edge.scene_check import scene_camera

START_S = 1_782_000_000.0
TOPIC = "city/v1/riverside/old-town/edge-1/tracks"
BOOT = "a" * 16
PACKS = Path(__file__).parents[3] / "rules" / "packs"
LEFT_HALF = [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]

Foot = tuple[float, float]


def _message(second: int, feet: dict[int, Foot], boot: str = BOOT, camera: str = "cam-1") -> Tracks:
    states = tuple(
        TrackState(
            track=track,
            label="car",
            confidence=0.9,
            box_xyxy=(max(x - 0.05, 0.0), max(y - 0.1, 0.0), min(x + 0.05, 1.0), y),
            foot=(x, y),
        )
        for track, (x, y) in feet.items()
    )
    return Tracks(
        id=f"tracks-{second}",
        box="edge-1",
        boot_id=boot,
        channel=Channel.TRACKS,
        seq=second + 1,
        at=moment(START_S + second),
        camera=camera,
        tracks=states,
    )


def _moments(messages: Iterable[Tracks]) -> list[StoredMoment]:
    entries = [
        message_entry(encode(message), TOPIC, message.at.timestamp() + 0.2, number)
        for number, message in enumerate(messages, 1)
    ]
    return stored_tracks(entries, "cam-1", 0.0, START_S * 2)


def _told(messages: Iterable[Tracks], **scene: Any) -> Redrawn:
    return redraw(scene_camera(scene), _moments(messages), width=1280, height=720)


def _zone(polygon: list[list[float]], **more: Any) -> dict[str, Any]:
    return {"id": "z", "polygon": polygon, **more}


def _parked(seconds: int, at: Foot = (0.25, 0.6)) -> list[Tracks]:
    """Return a car that stands, and another that is only there at first."""
    return [
        _message(second, {1: at, **({2: (0.75, 0.6)} if second < 5 else {})})
        for second in range(seconds)
    ]


def test_a_zone_over_a_standing_car_tells_its_stay() -> None:
    """Its stay, how long it was, and the episode of dwelling that goes on at the end of the data."""
    told = _told(_parked(31), zones=[_zone(LEFT_HALF, dwell_s=10.0)])

    assert [(zone.stays, zone.most, zone.longest_s) for zone in told.zones] == [(1, 1, 30.0)]
    assert {(one.kind, one.where, one.track, one.ended_at) for one in told.episodes} == {
        ("zone_presence", "z", 1, None),
        ("zone_dwell", "z", 1, None),
    }


def test_a_zone_where_nobody_was_tells_nothing() -> None:
    """The same tracks, another polygon: no stay and no episode."""
    corner = [[0.9, 0.0], [1.0, 0.0], [1.0, 0.1], [0.9, 0.1]]
    told = _told(_parked(31), zones=[_zone(corner, dwell_s=10.0)])

    assert (told.zones[0].stays, told.zones[0].longest_s, told.episodes) == (0, 0.0, ())


@pytest.mark.parametrize(
    ("ends", "counted"),
    [(("from", "to"), (1, 0)), (("to", "from"), (0, 1))],
    ids=["forward", "backward"],
)
def test_a_drawn_line_counts_who_went_over_it(
    ends: tuple[str, str], counted: tuple[int, int]
) -> None:
    """A track that walks down the picture crosses a level line once, in the direction it was drawn for."""
    walk = [_message(second, {1: (0.5, 0.2 + 0.06 * second)}) for second in range(10)]
    line = {"id": "l", ends[0]: [0.1, 0.5], ends[1]: [0.9, 0.5]}
    told = _told(walk, lines=[line])

    assert [(one.forward, one.backward) for one in told.lines] == [counted]


@pytest.mark.parametrize(
    "broken",
    [
        lambda: [*_parked(10), *(_message(40 + s, {1: (0.25, 0.6)}) for s in range(10))],
        lambda: [*_parked(10), *(_message(10 + s, {1: (0.25, 0.6)}, "b" * 16) for s in range(10))],
    ],
    ids=["silence", "another boot"],
)
def test_what_went_on_before_a_break_does_not_go_on_after_it(
    broken: Callable[[], list[Tracks]],
) -> None:
    """After half a minute without a word, or a start of the box, the same number is another track."""
    told = _told(broken(), zones=[_zone(LEFT_HALF)])

    assert (told.zones[0].stays, told.zones[0].longest_s) == (2, 9.0)


def test_a_track_that_misses_a_moment_stays() -> None:
    """Stored moments five seconds apart ask for more patience than a box needs."""
    slow = [_message(5 * s, {} if s == 4 else {1: (0.25, 0.6)}) for s in range(9)]
    told = _told(slow, zones=[_zone(LEFT_HALF, grace_s=2.0)])

    assert (told.zones[0].stays, told.zones[0].longest_s) == (1, 40.0)


def test_what_was_sent_again_or_by_another_camera_is_left_out() -> None:
    """One message counts once, in its own time, and only of the camera that is asked about."""
    first, second = _message(0, {1: (0.2, 0.2)}), _message(1, {1: (0.2, 0.2)})
    other = _message(7, {1: (0.2, 0.2)}, camera="cam-12")
    found = _moments([second, first, second, other])

    assert [one.message.seq for one in found] == [1, 2]


def test_rules_are_tried_on_what_is_only_drawn(tmp_path: Path) -> None:
    """A fire lane drawn under a standing car would have raised an alarm; what ran then raised none."""
    data, drawn, ran = tmp_path / "t.jsonl", tmp_path / "drawn.json", tmp_path / "ran.json"
    lines = (
        json.dumps(
            {
                "topic": TOPIC,
                "arrived_at": message.at.timestamp(),
                "payload": json.loads(encode(message)),
            }
        )
        for message in _parked(240)
    )
    data.write_text("\n".join(lines))
    drawn.write_text(json.dumps({"zones": [_zone(LEFT_HALF, kind="fire_lane", dwell_s=20.0)]}))
    ran.write_text("{}")
    words = ("redraw", PACKS / "street.yaml", "--camera", "cam-1", "--from", data, "--json")
    scenes = ("--scene", drawn, "--scene", ran)
    result = CliRunner().invoke(main, [str(word) for word in (*words, *scenes)])

    assert result.exit_code == 0, result.output
    report = json.loads(result.output)
    assert (report["moments"], report["tracks"]) == (240, 2)
    assert [
        [(firing["rule"], firing["level"]) for firing in scene["events"]]
        for scene in report["scenes"]
    ] == [[("fire_lane_blocked", "red")], []]


@pytest.mark.parametrize(
    ("scene", "says"),
    [("{", "drawn.json"), ('{"zones": [{"id": "z", "polygon": [[0, 0], [1, 1]]}]}', "polygon")],
    ids=["no JSON", "no polygon"],
)
def test_a_scene_that_a_box_would_refuse_is_refused(tmp_path: Path, scene: str, says: str) -> None:
    """The message names the file and what is wrong; exit code 2."""
    data, drawn = tmp_path / "t.jsonl", tmp_path / "drawn.json"
    data.write_text("")
    drawn.write_text(scene)
    words = ("redraw", "--camera", "cam-1", "--from", data, "--scene", drawn)
    result = CliRunner().invoke(main, [str(word) for word in words])

    assert result.exit_code == 2
    assert says in result.output
