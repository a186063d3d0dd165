"""A street camera that draws: frames in order, with labels that are exactly true."""

from typing import Any

import numpy as np
from msgspec import Struct

from simulators.scene.backdrop import Facade, GroundPatch, draw_backdrop
from simulators.scene.bodies import Body
from simulators.scene.drawing import draw_bodies
from simulators.scene.labels import Label, labels_of
from simulators.scene.lighting import LIGHTS, Lighting, Shader
from simulators.scene.pinhole import PinholeCamera
from simulators.scene.projection import project_bodies
from simulators.scene.staging import Staging
from simulators.scene.street_life import Lane, StreetLife, Walk

__all__ = ["SCENES", "DrawnFrame", "SceneSetting", "StreetCamera", "scene_setting"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_ASPHALT, _PAVEMENT, _PAINT, _RED = (92, 90, 88), (150, 154, 158), (225, 225, 225), (70, 70, 190)
_STONE = (168, 172, 178)


class SceneSetting(Struct, frozen=True, kw_only=True):
    """What there is to be seen."""

    name: str
    camera: PinholeCamera
    patches: tuple[GroundPatch, ...]
    lanes: tuple[Lane, ...]
    walks: tuple[Walk, ...]
    fixed: tuple[Body, ...] = ()
    facades: tuple[Facade, ...] = ()
    lighting: Lighting = Lighting()
    staging: Staging = Staging()


class DrawnFrame(Struct, frozen=True, eq=False):
    """A frame, its second, and what is true of it."""

    at_s: float
    picture: Pixels
    labels: list[Label]
    bodies: list[Body]
    """Everybody, also who is not in the picture."""


class StreetCamera:
    """Draws a setting, frame after frame; equal seeds draw equal frames.

    Args:
        setting: what there is.
        seed: 0 or more.
        fps: frames a second.
    """

    def __init__(self, setting: SceneSetting, seed: int, *, fps: float = 10.0) -> None:
        rng = np.random.Generator(np.random.Philox(key=seed))
        self.setting, self.fps = setting, fps
        self.life = StreetLife(
            setting.lanes,
            setting.walks,
            rng,
            fixed=setting.fixed,
            staging=setting.staging,
            salt=seed,
        )
        self._backdrop = draw_backdrop(setting.camera, setting.patches, rng, setting.facades)
        self._shader = Shader(setting.lighting, setting.camera.width, setting.camera.height, rng)
        self._index = 0

    def next_frame(self) -> DrawnFrame:
        """Return the next frame."""
        at_s = self._index / self.fps
        self.life.advance(at_s)
        picture = self._backdrop.copy()
        camera = self.setting.camera
        everybody = self.life.bodies()
        bodies = project_bodies(camera, everybody)
        draw_bodies(picture, camera, bodies, shadows=self.setting.lighting.gain > 0.6)
        shaded = self._shader.shade(picture, self._index)
        self._index += 1
        return DrawnFrame(at_s, shaded, labels_of(camera, bodies), everybody)

    def skip(self, frames: int) -> None:
        """Let the street go on for so many frames without drawing them."""
        for _ in range(frames):
            # frame by frame: other steps would give another street
            self.life.advance(self._index / self.fps)
            self._index += 1


def _strip(
    east_from: float, east_to: float, north_to: float = 90.0
) -> tuple[tuple[float, float], ...]:
    return ((east_from, -5.0), (east_to, -5.0), (east_to, north_to), (east_from, north_to))


def _street(*more: GroundPatch) -> tuple[GroundPatch, ...]:
    """Return a street that leads away from the camera: two lanes, pavements on both sides."""
    dashes = tuple(
        GroundPatch(
            corners=((-0.08, north), (0.08, north), (0.08, north + 3.0), (-0.08, north + 3.0)),
            colour=_PAINT,
        )
        for north in np.arange(0.0, 84.0, 7.0)
    )
    return (
        GroundPatch(corners=_strip(-11.0, 11.0), colour=_PAVEMENT),
        GroundPatch(corners=_strip(-7.0, 7.0), colour=_ASPHALT),
        *dashes,
        *more,
    )


_LANES = (
    Lane(start=(1.8, -8.0), end=(1.8, 90.0)),
    Lane(start=(-1.8, 90.0), end=(-1.8, -8.0)),
)
_WALKS = (
    Walk(start=(9.0, 2.0), end=(9.0, 70.0), per_minute=12.0),
    Walk(start=(-9.0, 2.0), end=(-9.0, 70.0), per_minute=12.0),
)
_CAMERA = PinholeCamera(east_m=-6.5, north_m=-4.0, heading_deg=14.0)
_KERB = Lane(start=(5.6, -8.0), end=(5.6, 90.0), speed_m_s=6.0, per_minute=0.0)
"""Where cars pull up that should not; nobody drives through."""
_FIRE_LANE = GroundPatch(corners=((4.2, 16.0), (6.8, 16.0), (6.8, 30.0), (4.2, 30.0)), colour=_RED)

_SETTINGS: dict[str, SceneSetting] = {
    one.name: one
    for one in (
        SceneSetting(name="street-day", camera=_CAMERA, patches=_street(), lanes=_LANES, walks=_WALKS),
        SceneSetting(
            name="street-night", camera=_CAMERA, patches=_street(), lanes=_LANES, walks=_WALKS,
            lighting=LIGHTS["night"],
        ),
        SceneSetting(
            name="street-rain", camera=_CAMERA, patches=_street(), lanes=_LANES, walks=_WALKS,
            lighting=LIGHTS["rain"],
        ),
        SceneSetting(
            name="street-glare", camera=_CAMERA, patches=_street(), lanes=_LANES, walks=_WALKS,
            lighting=LIGHTS["glare"],
        ),
        SceneSetting(
            name="fire-lane", camera=_CAMERA, patches=_street(_FIRE_LANE),
            lanes=(*_LANES, Lane(start=(5.5, -8.0), end=(5.5, 90.0), speed_m_s=5.0, per_minute=3.0)),
            walks=_WALKS,
        ),
        SceneSetting(
            name="kerb", camera=_CAMERA, patches=_street(), lanes=(*_LANES, _KERB), walks=_WALKS,
        ),
        SceneSetting(
            name="square",
            camera=PinholeCamera(east_m=0.0, north_m=-4.0, mast_m=14.0, down_deg=46.0, view_deg=70.0),
            patches=(
                GroundPatch(corners=_strip(-30.0, 30.0, 60.0), colour=_PAVEMENT),
                GroundPatch(corners=((-3.0, 6.5), (3.0, 6.5), (3.0, 10.5), (-3.0, 10.5)), colour=_STONE),
            ),
            lanes=(),
            walks=(
                Walk(start=(-14.0, 3.0), end=(14.0, 3.0), per_minute=8.0),
                Walk(start=(-14.0, 15.0), end=(14.0, 15.0), per_minute=8.0),
            ),
        ),
        SceneSetting(
            name="market",
            camera=PinholeCamera(east_m=-4.0, north_m=-3.0, heading_deg=10.0, mast_m=5.0, down_deg=22.0),
            patches=(GroundPatch(corners=_strip(-9.0, 9.0), colour=_PAVEMENT),),
            lanes=(),
            walks=(
                Walk(start=(0.0, 1.0), end=(0.0, 45.0), per_minute=50.0, broad_m=7.0),
                Walk(start=(-3.0, 45.0), end=(3.0, 1.0), per_minute=15.0, broad_m=3.0),
            ),
            fixed=tuple(
                Body(
                    id=number + 1, kind="stall", east_m=5.4 if number % 2 else -5.6,
                    north_m=9.0 + 4.0 * number, heading_deg=0.0, speed_m_s=0.0,
                    colour=((60, 80, 200), (190, 120, 60), (70, 160, 90))[number % 3],
                )
                for number in range(7)
            ),
        ),
    )
}  # fmt: skip

SCENES: tuple[str, ...] = tuple(sorted(_SETTINGS))
"""Names that :func:`scene_setting` knows."""


def scene_setting(name: str) -> SceneSetting:
    """Return a setting that ships.

    Raises:
        KeyError: none of that name; :data:`SCENES` lists them.
    """
    return _SETTINGS[name]
