"""What a box would say to a scene: each fault by itself, and what ground points amount to."""

from typing import Any

import msgspec

from contracts.geometry import from_local_m
from edge.camera_config import ZoneConfig
from edge.reported_scenes import SCENE, scenes_of
from edge.scene_check import SceneAsked, check_scene
from tests.unit.edge_agent.test_config import CAMERA, HEAD, read

SQUARE = [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9], [0.1, 0.9]]
ORIGIN = (114.3, 30.6)


def pairs(*offsets: tuple[float, float], image: Any = SQUARE) -> list[dict[str, Any]]:
    """Return ground points at places so many metres east and north of the origin."""
    places = [from_local_m(ORIGIN, offset) for offset in offsets]
    return [
        {"image": at, "lon": lon, "lat": lat} for at, (lon, lat) in zip(image, places, strict=True)
    ]


def test_each_fault_is_told_with_its_part() -> None:
    """A crossed zone hides neither a line without length nor an unknown field."""
    crossed = {"id": "z", "polygon": [[0, 0], [1, 1], [1, 0], [0, 1]]}
    found = check_scene(
        SceneAsked(
            scene={
                "zones": [{"id": "good", "polygon": SQUARE}, crossed],
                "lines": [{"id": "l", "from": [0.1, 0.1], "to": [0.1, 0.1]}],
                "masks": [{"id": "m", "polygon": SQUARE, "colour": "red"}],
            },
            width=640,
            height=360,
        )
    )
    told = [(fault.part, fault.number) for fault in found.faults]

    assert told == [("zones", 1), ("lines", 0), ("masks", 0)]
    assert "Self-intersection" in found.faults[0].message
    assert "colour" in found.faults[2].message


def test_an_id_used_twice_is_a_fault_of_the_whole() -> None:
    """Each zone alone is fine."""
    twice = [{"id": "z", "polygon": SQUARE}, {"id": "z", "polygon": SQUARE}]
    found = check_scene(SceneAsked(scene={"zones": twice}, width=640, height=360))

    assert [(fault.part, fault.number) for fault in found.faults] == [("scene", None)]
    assert "used twice" in found.faults[0].message


def test_points_in_a_line_are_refused_with_the_reason() -> None:
    """Four points of which three lie in a line give no ground plane."""
    line = [[0.1, 0.5], [0.3, 0.5], [0.6, 0.5], [0.9, 0.5]]
    points = pairs((0, 0), (2, 0), (5, 0), (8, 0), image=line)
    found = check_scene(SceneAsked(scene={"calibration": points}, width=640, height=360))

    assert found.ground is None
    assert "lie in a line" in found.faults[0].message


def test_a_fifth_point_shows_how_good_the_four_are() -> None:
    """The error comes with the points, in metres and pixels, and zones get an area."""
    image = [*SQUARE, [0.5, 0.7]]
    points = pairs((0, 8), (10, 8), (10, 0), (0, 0), (5, 5), image=image)
    scene = {"calibration": points, "zones": [{"id": "z", "polygon": SQUARE}]}
    found = check_scene(SceneAsked(scene=scene, width=640, height=360))

    assert found.faults == ()
    assert found.ground is not None
    assert not found.ground.exact
    assert found.ground.rms_m > 0.1
    assert len(found.ground.errors_px) == 5
    assert 60.0 < found.areas_m2["z"] < 100.0


def test_what_runs_is_reported_in_the_form_of_the_file() -> None:
    """A line has its from and to; what was reported can be desired again as it is."""
    line = "  lines:\n  - {id: l-1, from: [0.1, 0.5], to: [0.9, 0.5]}\n"
    scene = scenes_of(read(HEAD + CAMERA + line).cameras)["c-1"]

    assert sorted(SCENE) == sorted(scene)
    assert (scene["lines"][0]["from"], scene["lines"][0]["to"]) == ((0.1, 0.5), (0.9, 0.5))
    assert check_scene(SceneAsked(scene=scene, width=640, height=360)).faults == ()


def test_scenes_too_large_for_a_message_are_left_out() -> None:
    """The report of what runs must get through, whatever is drawn."""
    polygon = ", ".join(f"[{x / 10_000:.4f}, {0.1 + (x % 2) / 10}]" for x in range(9000))
    camera = read(HEAD + CAMERA).cameras[0]
    zone = msgspec.convert({"id": "z", "polygon": msgspec.json.decode(f"[{polygon}]")}, ZoneConfig)

    assert scenes_of([msgspec.structs.replace(camera, zones=(zone,))]) == {}
