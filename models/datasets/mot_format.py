"""MOTChallenge: a text file of tracked boxes beside a recording.

Source: A. Milan et al., MOT16, 2016, table 5: frame, id, left, top, width, height, considered, class,
visibility; numbers from 1.
"""

import configparser
from collections.abc import Callable, Mapping
from pathlib import Path

from models.datasets.errors import ImportRefused
from models.datasets.picture import Box, Picture
from models.datasets.recording import frames_of
from models.datasets.store import DatasetStore

__all__ = ["MOT16_CLASSES", "read_mot"]

MOT16_CLASSES: Mapping[int, str] = {
    1: "person",
    2: "person",
    3: "car",
    4: "bicycle",
    5: "motorbike",
    7: "person",
}
"""Classes that are things on a street; people on vehicles and standing ones are people. Source: table 4."""

_FIELDS = 6


def read_mot(
    store: DatasetStore,
    truth: Path,
    recording: Path,
    *,
    classes: Mapping[int, str] = MOT16_CLASSES,
    camera: str = "",
    fps: float | None = None,
    every: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Picture], tuple[str, ...]]:
    """Put a recording's frames in a store; return them with their boxes, and the classes.

    Boxes that are not to be considered (column 7 is 0) are kept as ignored; other classes are left out.

    Args:
        store: where the frames go.
        truth: ``gt.txt``.
        recording: a video, or the folder of frames (``img1``).
        classes: labels by number.
        camera: who took it; empty: the recording's name.
        fps: frames a second; None: what ``seqinfo.ini`` beside the frames says, else 25.
        every: take each so many-th frame.
        progress: called with (frames stored, frames in all).

    Raises:
        ImportRefused: a line that is no box, or frames that are not there.
    """
    boxes = _read(truth, classes)
    wanted = [number for number in sorted(boxes) if (number - 1) % every == 0]
    name = recording.parent.name if recording.name == "img1" else recording.stem
    rate = fps or _rate(recording)
    pictures = []
    for done, (number, content, width, height) in enumerate(
        frames_of(recording, set(wanted)), start=1
    ):
        pictures.append(
            Picture(
                sha256=store.put_picture(content, ".jpg"),
                suffix=".jpg",
                width=width,
                height=height,
                camera=camera or name,
                scene=name,
                at_s=round((number - 1) / rate, 3),
                boxes=tuple(boxes[number]),
                source=f"{recording.name}#{number}",
            )
        )
        if progress is not None:
            progress(done, len(wanted))
    return pictures, tuple(dict.fromkeys(classes.values()))


def _rate(recording: Path) -> float:
    sequence = configparser.ConfigParser()
    sequence.read(recording.parent / "seqinfo.ini", encoding="utf-8")
    return sequence.getfloat("Sequence", "frameRate", fallback=25.0)


def _read(truth: Path, classes: Mapping[int, str]) -> dict[int, list[Box]]:
    try:
        lines = truth.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ImportRefused(f"MOT file {truth}: {error.strerror}") from error
    found: dict[int, list[Box]] = {}
    for row, line in enumerate(lines, start=1):
        words = line.split(",")
        try:
            frame, track = int(words[0]), int(words[1])
            left, top, width, height = (float(word) for word in words[2:_FIELDS])
            considered = float(words[6]) != 0.0 if len(words) > _FIELDS else True
            kind = int(words[7]) if len(words) > 7 else min(classes)
            visible = float(words[8]) if len(words) > 8 else 1.0
        except (ValueError, IndexError) as error:
            raise ImportRefused(
                f"{truth}:{row}: {line!r} is no box; expected frame, id, left, top, width, height, "
                "considered, class, visibility"
            ) from error
        boxes = found.setdefault(frame, [])
        if kind in classes:
            boxes.append(
                Box(
                    label=classes[kind],
                    xyxy=(left, top, left + width, top + height),
                    visible=min(1.0, max(0.0, visible)),
                    track=track,
                    ignored=not considered,
                )
            )
    return found
