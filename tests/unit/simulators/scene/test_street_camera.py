"""Drawn scenes: what is labelled is what is drawn, and where it is."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import ScenarioError
from simulators.scene.bodies import BODIES, Body, corners_of
from simulators.scene.drawing import draw_bodies
from simulators.scene.labels import labels_of
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.projection import project_bodies
from simulators.scene.recording import coco_of, mot_lines
from simulators.scene.street_camera import SCENES, StreetCamera, scene_setting
from simulators.scene.street_life import Lane, StreetLife

CAMERA = PinholeCamera(east_m=-3.0, north_m=-4.0, heading_deg=10.0)


@given(east=st.floats(-10.0, 10.0), north=st.floats(6.0, 60.0))
def test_a_pixel_and_its_place_belong_together(east: float, north: float) -> None:
    """Projecting a place and looking where its pixel touches the street gives the place again."""
    pixels, _ = CAMERA.project(np.array([[east, north, 0.0]]))
    place = CAMERA.ground(float(pixels[0, 0]), float(pixels[0, 1]))

    assert place is not None
    assert math.dist(place, (east, north)) < 1e-6


def test_nothing_of_the_sky_touches_the_street() -> None:
    """A ray above the horizon has no place."""
    assert PinholeCamera(down_deg=5.0).ground(320.0, 10.0) is None


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_box_is_just_around_what_is_drawn(kind: str) -> None:
    """The pixels that a body changes fill its label's box, to a pixel on each side."""
    body = Body(id=1, kind=kind, east_m=0.5, north_m=14.0, heading_deg=25.0, speed_m_s=0.0,
                colour=(40, 200, 220))  # fmt: skip
    empty = np.full((360, 640, 3), 128, np.uint8)
    drawn = empty.copy()
    bodies = project_bodies(CAMERA, [body])
    draw_bodies(drawn, CAMERA, bodies, shadows=False)
    rows, columns = np.nonzero((drawn != empty).any(axis=2))
    (label,) = labels_of(CAMERA, bodies)
    found = (columns.min(), rows.min(), columns.max(), rows.max())

    assert np.abs(np.array(found) - np.array(label.box_xyxy)).max() <= 1.6
    assert label.visible == 1.0


def test_a_body_is_as_large_as_it_says() -> None:
    """Corners span length, width and height, wherever it faces."""
    body = Body(
        id=1, kind="bus", east_m=0.0, north_m=0.0, heading_deg=90.0, speed_m_s=0.0, colour=(0, 0, 0)
    )
    spans = np.ptp(corners_of(body).reshape(-1, 3), axis=0)

    np.testing.assert_allclose(spans, (11.0, 2.5, 3.1), atol=1e-9)


def test_who_stands_behind_a_bus_is_hidden() -> None:
    """A person right behind a bus is seen less than a fifth."""
    bus = Body(
        id=1, kind="bus", east_m=0.0, north_m=14.0, heading_deg=0.0, speed_m_s=0.0, colour=(0, 0, 0)
    )
    person = Body(id=2, kind="person", east_m=0.2, north_m=21.0, heading_deg=0.0, speed_m_s=0.0,
                  colour=(0, 0, 0))  # fmt: skip
    labels = {label.id: label for label in labels_of(CAMERA, project_bodies(CAMERA, [person, bus]))}

    assert labels[1].visible == 1.0
    assert labels[2].visible < 0.2


@pytest.mark.parametrize("name", SCENES)
def test_equal_seeds_draw_equal_frames(name: str) -> None:
    """Three seconds of every scene, twice: the same pixels and the same labels."""
    runs = []
    for _ in range(2):
        camera = StreetCamera(scene_setting(name), 5, fps=5.0)
        frames = [camera.next_frame() for _ in range(15)]
        digest = hashlib.sha256(b"".join(frame.picture.tobytes() for frame in frames)).hexdigest()
        runs.append((digest, [frame.labels for frame in frames]))

    assert runs[0] == runs[1]


def test_cars_keep_their_distance() -> None:
    """Two minutes of a dense lane: no car ever drives into the one before it."""
    lane = Lane(start=(0.0, 0.0), end=(0.0, 120.0), per_minute=30.0, kinds=("car",))
    life = StreetLife((lane,), (), np.random.default_rng(3))
    life.stop_next_car(0, 60.0, 0.0, 60.0)
    gaps = []
    for step in range(1200):
        life.advance(step / 10.0)
        north = sorted(body.north_m for body in life.bodies())
        gaps += list(np.diff(north))

    assert min(gaps) > BODIES["car"].length_m


def test_a_car_that_stops_stops_where_it_is_told() -> None:
    """It stands at its place until its time, then goes on."""
    lane = Lane(start=(0.0, 0.0), end=(0.0, 90.0), per_minute=60.0, kinds=("car",))
    life = StreetLife((lane,), (), np.random.default_rng(1))
    life.stop_next_car(0, 30.0, 0.0, 40.0)
    life.advance(30.0)
    (first, *_) = sorted(life.bodies(), key=lambda body: -body.north_m)
    life.advance(60.0)
    later = max(body.north_m for body in life.bodies())

    assert first.north_m == pytest.approx(30.0, abs=1.5)
    assert first.speed_m_s < 0.1
    assert later > 40.0


def test_labels_go_out_as_coco_and_mot() -> None:
    """Both formats hold the same boxes; what is hardly seen is left out of COCO."""
    camera = StreetCamera(scene_setting("street-day"), 1, fps=5.0)
    labels = tuple(tuple(camera.next_frame().labels) for _ in range(60))
    coco = coco_of(labels, width=640, height=360)
    seen = sum(label.visible >= 0.2 for found in labels for label in found)

    assert len(mot_lines(labels)) == sum(len(found) for found in labels)
    assert len(coco["annotations"]) == seen > 0
    assert {one["category_id"] for one in coco["annotations"]} <= {
        one["id"] for one in coco["categories"]
    }


@pytest.mark.parametrize(
    "wrong", [{"width": 10}, {"mast_m": 0.0}, {"view_deg": 179.0}, {"down_deg": 0.0}], ids=str
)
def test_an_impossible_camera_is_refused(wrong: dict[str, float]) -> None:
    """A camera that cannot be says what was expected."""
    with pytest.raises(ScenarioError, match="expected"):
        PinholeCamera(**wrong)  # type: ignore[arg-type]
