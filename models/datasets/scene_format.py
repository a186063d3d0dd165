"""The simulator's own labels: what ``cityloop sim scene … --truth`` writes beside its video.

Frame by frame, of every body: name, box, place, speed and the share of it that is seen.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from models.datasets.errors import ImportRefused
from models.datasets.picture import Box, Picture
from models.datasets.recording import frames_of
from models.datasets.store import DatasetStore

__all__ = ["read_scene"]

_LEAST_VISIBLE = 0.2
"""Bodies of which less (0..1) is seen are neither wanted nor blamed, as in the simulator's COCO."""
_LIGHTS = ("night", "rain", "glare")


class _Label(Struct):
    id: int
    label: str
    box_xyxy: tuple[float, float, float, float]
    visible: float


class _Truth(Struct):
    scene: str
    seed: int
    fps: float
    frames: tuple[tuple[_Label, ...], ...]


def read_scene(
    store: DatasetStore,
    truth: Path,
    recording: Path,
    *,
    camera: str = "",
    every: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Picture], tuple[str, ...]]:
    """Put a drawn video's frames in a store; return them, and the labels that occur, sorted.

    Args:
        store: where the frames go.
        truth: the JSON file.
        recording: the video.
        camera: who took it; empty: scene and seed.
        every: take each so many-th frame.
        progress: called with (frames stored, frames in all).

    Raises:
        ImportRefused: no such truth, or a video with fewer frames.
    """
    try:
        told = msgspec.json.decode(truth.read_bytes(), type=_Truth)
    except OSError as error:
        raise ImportRefused(f"scene truth {truth}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ImportRefused(
            f"scene truth {truth}: {error}; expected what `cityloop sim scene --truth` writes"
        ) from error
    name = f"{told.scene}-{told.seed}"
    wanted = set(range(1, len(told.frames) + 1, every))
    pictures = []
    for number, content, width, height in frames_of(recording, wanted):
        pictures.append(
            Picture(
                sha256=store.put_picture(content, ".jpg"),
                suffix=".jpg",
                width=width,
                height=height,
                camera=camera or name,
                scene=name,
                at_s=round((number - 1) / told.fps, 3),
                tags=tuple(light for light in _LIGHTS if light in told.scene),
                boxes=tuple(
                    Box(
                        label=one.label,
                        xyxy=one.box_xyxy,
                        visible=min(1.0, max(0.0, one.visible)),
                        track=one.id,
                        ignored=one.visible < _LEAST_VISIBLE,
                    )
                    for one in told.frames[number - 1]
                ),
                source=f"{recording.name}#{number}",
            )
        )
        if progress is not None:
            progress(len(pictures), len(wanted))
    labels = {box.label for picture in pictures for box in picture.boxes}
    return pictures, tuple(sorted(labels))
