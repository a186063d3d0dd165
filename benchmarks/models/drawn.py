"""Drawn streets for measuring: pictures with labels to train on, and films of any length."""

from pathlib import Path

import cv2
import numpy as np

from benchmarks.edge.media import write_film
from simulators.scene.street_camera import StreetCamera, scene_setting

__all__ = ["NAMES", "drawn_film", "training_set"]

NAMES = ("person", "stall")
_SCENE = "market"
"""People near the camera: what minutes of training on a processor can learn."""

_FPS = 10
_ACTIVE_S = 7
_LEAST_VISIBLE = 0.2


def training_set(folder: Path) -> Path:
    """Write 200 pictures with labels as YOLO text and their description; return its path."""
    for part in ("images", "labels"):
        (folder / part / "train").mkdir(parents=True, exist_ok=True)
    for seed in (11, 12, 13, 14):
        camera = StreetCamera(scene_setting(_SCENE), seed, fps=1.0)
        for number in range(50):
            _write(camera, folder, f"{_SCENE}-{seed}-{number:03}")
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(NAMES))
    description = folder / "data.yaml"
    description.write_text(
        f"path: {folder.resolve()}\ntrain: images/train\nval: images/train\nnames:\n{names}"
    )
    return description


def _write(camera: StreetCamera, folder: Path, stem: str) -> None:
    frame = camera.next_frame()
    height, width = frame.picture.shape[:2]
    cv2.imwrite(str(folder / "images" / "train" / f"{stem}.jpg"), frame.picture)
    lines = []
    for one in frame.labels:
        if one.visible < _LEAST_VISIBLE or one.label not in NAMES:
            continue
        x0, y0, x1, y1 = one.box_xyxy
        lines.append(
            f"{NAMES.index(one.label)} {(x0 + x1) / 2 / width:.5f} {(y0 + y1) / 2 / height:.5f} "
            f"{(x1 - x0) / width:.5f} {(y1 - y0) / height:.5f}\n"
        )
    (folder / "labels" / "train" / f"{stem}.txt").write_text("".join(lines))


def drawn_film(path: Path, *, seed: int = 31) -> Path:
    """Write 28 s of 640 x 360 pixels at 10 frames/s: 7 s of a market, 21 s of nothing; return its path."""
    camera = StreetCamera(scene_setting(_SCENE), seed, fps=float(_FPS))
    alive = [camera.next_frame().picture for _ in range(_ACTIVE_S * _FPS)]
    empty = np.median(np.stack(alive[::5]), axis=0).astype(np.uint8)
    rng = np.random.default_rng(seed)
    still = []
    for _ in range(3 * len(alive)):
        noise = rng.normal(0.0, 1.5, empty.shape[:2]).astype(np.int16)[:, :, None]
        still.append(np.asarray(np.clip(empty + noise, 0, 255), np.uint8))
    return write_film(path, alive + still)
