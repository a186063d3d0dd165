"""Bodies of many forms: what is labelled is what is drawn, water grows, smoke rises, things fall."""

import numpy as np
import pytest

from simulators.scene.bodies import BODIES, Body, corners_of
from simulators.scene.body_kinds import Matter
from simulators.scene.drawing import draw_bodies
from simulators.scene.labels import labels_of
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.projection import project_bodies
from simulators.scene.staging import StagedThing, Staging
from simulators.scene.street_life import StreetLife

CAMERA = PinholeCamera(east_m=-3.0, north_m=-4.0, heading_deg=10.0)


def _body(kind: str, *, style: int = 0, age_s: float = 30.0, north_m: float = 16.0) -> Body:
    return Body(id=1, kind=kind, east_m=0.5, north_m=north_m, heading_deg=25.0, speed_m_s=0.0,
                colour=(40, 200, 220), style=style, age_s=age_s)  # fmt: skip


@pytest.mark.parametrize("style", [3, 77, 1234, 99_991, 7_654_321])
@pytest.mark.parametrize("kind", sorted(set(BODIES) - {"smoke"}))
def test_a_box_is_just_around_every_form(kind: str, style: int) -> None:
    """The pixels that a body changes fill its label's box, to two pixels on each side."""
    empty = np.full((360, 640, 3), 128, np.uint8)
    drawn = empty.copy()
    bodies = project_bodies(CAMERA, [_body(kind, style=style, north_m=22.0)])
    draw_bodies(drawn, CAMERA, bodies, shadows=False)
    rows, columns = np.nonzero((drawn != empty).any(axis=2))
    (label,) = labels_of(CAMERA, bodies)
    found = (columns.min(), rows.min(), columns.max(), rows.max())

    assert np.abs(np.array(found) - np.array(label.box_xyxy)).max() <= 2.0


@pytest.mark.parametrize("style", [3, 77, 1234, 99_991])
def test_smoke_fills_its_box(style: int) -> None:
    """Puffs fade to their edge: what is drawn reaches to a tenth of the box on each side."""
    empty = np.full((360, 640, 3), 128, np.uint8)
    drawn = empty.copy()
    bodies = project_bodies(CAMERA, [_body("smoke", style=style, north_m=30.0)])
    draw_bodies(drawn, CAMERA, bodies, shadows=False)
    rows, columns = np.nonzero((drawn != empty).any(axis=2))
    (label,) = labels_of(CAMERA, bodies)
    left, top, right, low = label.box_xyxy
    found = np.array((columns.min(), rows.min(), columns.max(), rows.max()))

    assert np.abs(found - (left, top, right, low)).max() <= 2.0 + 0.1 * max(right - left, low - top)


def test_water_grows() -> None:
    """A sheet of water is larger after half a minute than at first, and stays on the road."""
    first, later = (corners_of(_body("ponding", age_s=age)).reshape(-1, 3) for age in (0.0, 30.0))

    assert np.ptp(later[:, 0]) > 1.5 * np.ptp(first[:, 0])
    assert (later[:, 2] == 0.0).all()


def test_smoke_rises() -> None:
    """Smoke stands higher after half a minute than at first."""
    first, later = (corners_of(_body("smoke", age_s=age)).reshape(-1, 3) for age in (0.5, 30.0))

    assert later[:, 2].max() > first[:, 2].max() + 2.0


def test_water_and_smoke_hide_nobody() -> None:
    """Whoever stands in water or behind smoke is seen wholly."""
    person = Body(id=2, kind="person", east_m=0.5, north_m=17.0, heading_deg=0.0, speed_m_s=0.0,
                  colour=(0, 0, 0))  # fmt: skip
    near = [_body("ponding", north_m=15.0), _body("smoke", north_m=14.0)]
    labels = labels_of(CAMERA, project_bodies(CAMERA, [*near, person]))

    assert next(one.visible for one in labels if one.label == "person") == 1.0


def test_who_stands_in_water_hides_it() -> None:
    """A bus on a small sheet of water leaves little of it to be seen."""
    bus = Body(id=2, kind="bus", east_m=0.5, north_m=17.0, heading_deg=0.0, speed_m_s=0.0,
               colour=(0, 0, 0))  # fmt: skip
    labels = labels_of(CAMERA, project_bodies(CAMERA, [_body("ponding"), bus]))

    assert next(one.visible for one in labels if one.label == "ponding") < 0.4


def test_what_falls_falls_as_things_do() -> None:
    """After a second it has fallen 4.9 m; on the ground it is rubbish, and no falling object."""
    pot = StagedThing(
        kind="falling_object", east_m=0.0, north_m=10.0, at_s=1.0, until_s=9.0, from_m=12.0
    )
    life = StreetLife((), (), np.random.default_rng(1), staging=Staging(things=(pot,)))
    life.advance(2.0)
    (flying,) = life.bodies()
    life.advance(5.0)
    (lying,) = life.bodies()

    assert flying.kind == "falling_object"
    assert flying.above_m == pytest.approx(12.0 - 4.905, abs=0.01)
    assert (lying.kind, lying.above_m) == ("bag", 0.0)


def test_forms_differ() -> None:
    """Of fifty styles of a stall no two have the same corners: many forms and sizes."""
    shapes = {corners_of(_body("stall", style=style)).tobytes() for style in range(1, 51)}

    assert len(shapes) == 50


def test_only_blocks_have_forms() -> None:
    """Every kind of blocks has parts, and part names are colours that are known."""
    for kind in BODIES.values():
        parts = [part for form in kind.forms for part in form]

        assert bool(parts) == (kind.matter is Matter.BLOCKS)
