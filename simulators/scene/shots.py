"""Single pictures of many streets with their labels, as a detector learns from them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.scene.assortment import Street, populate, random_street
from simulators.scene.backdrop import draw_backdrop
from simulators.scene.bodies import BODIES
from simulators.scene.body_kinds import Matter
from simulators.scene.detected import DETECTED_CLASSES, class_of
from simulators.scene.drawing import draw_bodies
from simulators.scene.emphasis import Emphasis, emphasised
from simulators.scene.labels import Label, labels_of
from simulators.scene.lighting import Shader
from simulators.scene.projection import ProjectedBody, project_bodies
from simulators.scene.seen_smoke import seen_smoke

__all__ = ["Shot", "ShotLabel", "coco_of_shots", "draw_shots"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_LEAST_VISIBLE = 0.2
"""Share of a body below which it is neither wanted nor blamed."""
_LEAST_PX = 4.0
"""The same for its shorter side, pixels."""
_SUNNY = 0.6
_LEAST_SEEN = 0.15
"""Share of smoke's box that must be seen; below it is too faint to be asked for."""
_EMPHASIS_KEY = 1 << 64
"""Sets the draws of what is added apart from those of the street."""


class ShotLabel(Struct, frozen=True, kw_only=True):
    """One thing in one picture."""

    name: str
    """One of :data:`simulators.scene.detected.DETECTED_CLASSES`."""
    box_xyxy: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels, cut to the picture; of smoke, around what is seen of it."""
    visible: float
    """Share (0..1) of the box that nothing nearer covers and that lies in the picture; 0 for smoke that is
    too faint to be seen."""
    track: int

    @property
    def counts(self) -> bool:
        """Whether it can be seen well enough to be asked for."""
        left, top, right, low = self.box_xyxy
        return self.visible >= _LEAST_VISIBLE and min(right - left, low - top) >= _LEAST_PX


class Shot(Struct, frozen=True, kw_only=True, eq=False):
    """One picture. ``picture``: uint8 ``(h, w, 3)`` BGR."""

    picture: Pixels
    scene: str
    """The street and its camera; pictures of one scene belong on one side of a split."""
    light: str
    """day, night, rain or glare."""
    labels: tuple[ShotLabel, ...]


def draw_shots(
    seed: int,
    count: int,
    *,
    size: tuple[int, int] = (640, 360),
    per_scene: int = 12,
    emphasis: Sequence[Emphasis] = (),
) -> Iterator[Shot]:
    """Yield pictures of streets, the same for the same arguments.

    Args:
        seed: 0 or more.
        count: how many.
        size: columns and rows.
        per_scene: how many of each street and camera.
        emphasis: of what there shall be more; the streets are the same without it.
    """
    for number in range(count):
        if number % per_scene == 0:
            scene = number // per_scene
            # a street is the same however many were drawn before it
            rng = np.random.Generator(np.random.Philox(key=(seed << 32) | scene))
            more = np.random.Generator(np.random.Philox(key=_EMPHASIS_KEY | (seed << 32) | scene))
            street = random_street(scene, rng, size)
            backdrop = draw_backdrop(street.camera, street.patches, rng, street.facades)
            shader = Shader(street.lighting, *size, rng, tiles=3)
        everybody = populate(street, rng)
        if emphasis:
            everybody += emphasised(street, everybody, emphasis, more)
        easel = _Easel(street, backdrop, shader, number % per_scene)
        bodies = project_bodies(street.camera, everybody)
        picture = easel.draw(bodies)
        yield Shot(
            picture=picture,
            scene=f"{seed}-{street.name}",
            light=street.light,
            labels=tuple(easel.labels(bodies, picture)),
        )


class _Easel:
    """Draws one moment of a street, with and without some of what is there.

    Args:
        street: where.
        backdrop: ground and houses, uint8 ``(h, w, 3)``.
        shader: its light.
        index: picks the noise.
    """

    def __init__(self, street: Street, backdrop: Pixels, shader: Shader, index: int) -> None:
        self._street, self._backdrop = street, backdrop
        self._shader, self._index = shader, index

    def draw(self, bodies: Sequence[ProjectedBody]) -> Pixels:
        """Return the picture of bodies, near ones first."""
        picture = self._backdrop.copy()
        sunny = self._street.lighting.gain > _SUNNY
        draw_bodies(picture, self._street.camera, bodies, shadows=sunny)
        return self._shader.shade(picture, self._index)

    def labels(self, bodies: Sequence[ProjectedBody], picture: Pixels) -> Iterator[ShotLabel]:
        """Yield what is to be found in a picture of bodies."""
        for label in labels_of(self._street.camera, bodies):
            name = class_of(label.label)
            if name is None:
                continue
            box, visible = label.box_xyxy, label.visible
            if BODIES[label.label].matter is Matter.SMOKE:
                box, visible = self._seen(label, bodies, picture)
            yield ShotLabel(name=name, box_xyxy=box, visible=visible, track=label.id)

    def _seen(
        self, label: Label, bodies: Sequence[ProjectedBody], picture: Pixels
    ) -> tuple[tuple[float, float, float, float], float]:
        """Return the box of what is seen of smoke, and its visible share: 0 where it is too faint."""
        without = [one for one in bodies if one.body.id != label.id]
        found = seen_smoke(self.draw(without), picture, self._street.lighting.noise)
        left, top, right, low = label.box_xyxy
        if found is None or found[1] < _LEAST_SEEN * (right - left) * (low - top):
            return label.box_xyxy, 0.0
        return found[0], label.visible


def coco_of_shots(
    shots: list[tuple[str, str, str, tuple[ShotLabel, ...]]], size: tuple[int, int]
) -> dict[str, Any]:
    """Return labels as a COCO document.

    What can hardly be seen is a crowd of one (``iscrowd`` 1), which COCO neither wants nor blames.
    Source: COCO data format, object detection: ``bbox`` is left, top, width, height.

    Args:
        shots: (file name, scene, light, labels) of every picture.
        size: columns and rows.
    """
    images = []
    annotations: list[dict[str, Any]] = []
    for number, (name, scene, light, labels) in enumerate(shots, start=1):
        images.append(
            {
                "id": number,
                "file_name": name,
                "width": size[0],
                "height": size[1],
                "scene": scene,
                "camera": scene,
                "light": light,
            }
        )
        for one in labels:
            left, top, right, low = (round(value, 2) for value in one.box_xyxy)
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": number,
                    "category_id": DETECTED_CLASSES.index(one.name) + 1,
                    "bbox": [left, top, round(right - left, 2), round(low - top, 2)],
                    "area": round((right - left) * (low - top), 2),
                    "iscrowd": int(not one.counts),
                    "attributes": {"track": one.track, "visible": one.visible},
                }
            )
    categories = [{"id": n, "name": name} for n, name in enumerate(DETECTED_CLASSES, start=1)]
    return {"images": images, "annotations": annotations, "categories": categories}
