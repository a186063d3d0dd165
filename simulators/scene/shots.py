"""Single pictures of many streets with their labels, as a detector learns from them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec import Struct

from simulators.scene.assortment import populate, random_street
from simulators.scene.backdrop import draw_backdrop
from simulators.scene.detected import DETECTED_CLASSES, class_of
from simulators.scene.drawing import draw_bodies
from simulators.scene.labels import labels_of
from simulators.scene.lighting import Shader
from simulators.scene.projection import project_bodies

__all__ = ["Shot", "ShotLabel", "coco_of_shots", "draw_shots"]

Pixels = np.ndarray[Any, np.dtype[np.uint8]]

_LEAST_VISIBLE = 0.2
"""Share of a body below which it is neither wanted nor blamed."""
_LEAST_PX = 4.0
"""The same for its shorter side, pixels."""
_SUNNY = 0.6


class ShotLabel(Struct, frozen=True, kw_only=True):
    """One thing in one picture."""

    name: str
    """One of :data:`simulators.scene.detected.DETECTED_CLASSES`."""
    box_xyxy: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels, cut to the picture."""
    visible: float
    """Share (0..1) of the box that nothing nearer covers and that lies in the picture."""
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
    seed: int, count: int, *, size: tuple[int, int] = (640, 360), per_scene: int = 12
) -> Iterator[Shot]:
    """Yield pictures of streets, the same for the same arguments.

    Args:
        seed: 0 or more.
        count: how many.
        size: columns and rows.
        per_scene: how many of each street and camera.
    """
    for number in range(count):
        if number % per_scene == 0:
            scene = number // per_scene
            # a street is the same however many were drawn before it
            rng = np.random.Generator(np.random.Philox(key=(seed << 32) | scene))
            street = random_street(scene, rng, size)
            backdrop = draw_backdrop(street.camera, street.patches, rng, street.facades)
            shader = Shader(street.lighting, *size, rng, tiles=3)
        picture = backdrop.copy()
        bodies = project_bodies(street.camera, populate(street, rng))
        draw_bodies(picture, street.camera, bodies, shadows=street.lighting.gain > _SUNNY)
        found = []
        for label in labels_of(street.camera, bodies):
            name = class_of(label.label)
            if name is not None:
                found.append(
                    ShotLabel(
                        name=name, box_xyxy=label.box_xyxy, visible=label.visible, track=label.id
                    )
                )
        yield Shot(
            picture=shader.shade(picture, number % per_scene),
            scene=f"{seed}-{street.name}",
            light=street.light,
            labels=tuple(found),
        )


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
