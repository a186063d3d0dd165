"""A data set as it would leave a box: redacted, to measure what a detector loses by that."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from edge.cameras.frame import Frame
from edge.evidence.config import RedactPolicy
from edge.evidence.redaction import redact
from edge.evidence.view import View
from edge.vision.ports import Detector
from models.datasets.picture import Picture
from models.datasets.pixels import jpeg_of, pixels_of
from models.datasets.store import Dataset, DatasetStore

__all__ = ["redacted"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def redacted(
    store: DatasetStore,
    dataset: Dataset,
    pictures: Sequence[Picture],
    policy: RedactPolicy,
    *,
    detector: Detector | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> list[Picture]:
    """Return pictures as a box would give them away, put into the store; boxes stay where they are.

    Args:
        store: where they go.
        dataset: where they come from.
        pictures: which of them.
        policy: how they are redacted.
        detector: says what is covered, as on a box; None covers everything that has a label.
        progress: called with (pictures done, pictures in all).

    Raises:
        ImportRefused: a file is no picture.
        OSError: a file is gone.
    """
    done = []
    for number, picture in enumerate(pictures, start=1):
        pixels = pixels_of(dataset.path_of(picture).read_bytes(), picture.file)
        frame = Frame.from_array(
            pixels, camera="dataset", index=number, pts_s=float(number), captured_at=_EPOCH
        )
        view = View(frame, _hidden(picture, frame, detector), None, sure=True)
        shown, _ = redact(view, policy)
        sha256 = store.put_picture(jpeg_of(shown), ".jpg")
        tags = (*picture.tags, f"redacted-{policy.value}")
        done.append(replace(picture, sha256=sha256, suffix=".jpg", tags=tags))
        if progress is not None:
            progress(number, len(pictures))
    return done


def _hidden(picture: Picture, frame: Frame, detector: Detector | None) -> NDArray[np.float64]:
    """Return the boxes that are covered, float64 (n, 4), pixels."""
    if detector is not None:
        return detector.detect(frame).xyxy.astype(np.float64)
    return np.array([box.xyxy for box in picture.boxes], np.float64).reshape(-1, 4)
