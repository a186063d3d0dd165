"""Where faces are in a picture, as far as a network knows; none is shipped.

What a face network finds is covered more coarsely; what it does not find is covered by where a person's head is.
So a picture may show clothes and surroundings more sharply than one made without.
"""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import structlog
from numpy.typing import NDArray

from edge.errors import ModelError
from edge.evidence.config import FaceKind, FaceModelConfig

__all__ = ["CenterFaces", "FaceFinder", "YuNetFaces", "build_faces", "load_faces"]

_MOST_FACES = 5000
_OVERLAP = 0.3
"""Overlap above which two finds are one face; the default of the network's own authors."""

_STRIDE = 4
"""Pixels of the picture to a cell of CenterFace's answer. Source: Xu et al., CenterFace: Joint Face Detection
and Alignment Using Face as Point, 2019."""

_SIDE = 32
"""CenterFace takes pictures whose sides are multiples of this."""

_LOG = structlog.get_logger("edge.evidence")

Pixels = NDArray[np.uint8]
Boxes = NDArray[np.float64]


class FaceFinder(Protocol):
    """Finds faces.

    Adapters: :class:`YuNetFaces` and :class:`CenterFaces`.
    """

    def find(self, picture: Pixels) -> Boxes:
        """Return faces (n, 4), pixels, of a picture uint8 (h, w, 3) BGR.

        Raises:
            cv2.error: the network fails on it.
        """
        ...


class YuNetFaces:
    """YuNet, through OpenCV.

    Args:
        path: the ONNX file.
        confidence: least score, 0..1.

    Raises:
        ModelError: OpenCV cannot read it.
    """

    def __init__(self, path: Path, confidence: float) -> None:
        try:
            self._network = cv2.FaceDetectorYN.create(
                str(path), "", (320, 320), confidence, _OVERLAP, _MOST_FACES
            )
        except cv2.error as error:
            raise ModelError(
                f"face model {path}: not a YuNet that can be read ({error})"
            ) from error

    def find(self, picture: Pixels) -> Boxes:
        """Return faces (n, 4), pixels."""
        self._network.setInputSize((picture.shape[1], picture.shape[0]))
        # None where there is no face, whatever the library's types say
        found: object = self._network.detect(picture)[1]
        if found is None:
            return np.empty((0, 4))
        boxes = np.asarray(found, np.float64)[:, :4]
        boxes[:, 2:] += boxes[:, :2]
        return boxes


class CenterFaces:
    """CenterFace, through OpenCV.

    Args:
        path: the ONNX file.
        confidence: least score, 0..1.

    Raises:
        ModelError: OpenCV cannot read it, or it answers something else.
    """

    def __init__(self, path: Path, confidence: float) -> None:
        self._confidence = confidence
        try:
            self._network = cv2.dnn.readNetFromONNX(str(path))
            self._outputs = list(self._network.getUnconnectedOutLayersNames())
        except cv2.error as error:
            msg = f"face model {path}: not a network that can be read ({error})"
            raise ModelError(msg) from error
        if len(self._outputs) != 4:
            raise ModelError(
                f"face model {path}: expected CenterFace's four outputs, got {len(self._outputs)}"
            )

    def find(self, picture: Pixels) -> Boxes:
        """Return faces (n, 4), pixels."""
        height, width = picture.shape[:2]
        rows, columns = (-(-side // _SIDE) * _SIDE for side in (height, width))
        blob = cv2.dnn.blobFromImage(picture, 1.0, (columns, rows), (0, 0, 0), swapRB=True)
        self._network.setInput(blob)
        heat, scale, offset, _ = (np.asarray(one) for one in self._network.forward(self._outputs))
        row, column = np.nonzero(heat[0, 0] >= self._confidence)
        tall, wide = (np.exp(scale[0, n, row, column]) * _STRIDE for n in (0, 1))
        y = (row + offset[0, 0, row, column] + 0.5) * _STRIDE
        x = (column + offset[0, 1, row, column] + 0.5) * _STRIDE
        boxes = np.stack((x - wide / 2, y - tall / 2, x + wide / 2, y + tall / 2), axis=1)
        return np.asarray(boxes * np.tile((width / columns, height / rows), 2), np.float64)


def load_faces(config: FaceModelConfig, folder: Path) -> FaceFinder:
    """Return a configured face network.

    Raises:
        ModelError: it is missing or cannot be read.
    """
    path = folder / config.model
    if not path.is_file():
        raise ModelError(f"face model {path}: no such file; fetch one, or take evidence.faces away")
    kind = YuNetFaces if config.kind is FaceKind.YUNET else CenterFaces
    return kind(path, config.confidence)


def build_faces(config: FaceModelConfig | None, folder: Path) -> FaceFinder | None:
    """Return the configured face network; None where there is none or it cannot be used.

    Pictures are then made as without one: more coarsely.
    """
    if config is None:
        return None
    try:
        return load_faces(config, folder)
    except ModelError as error:
        _LOG.error("faces_refused", reason=str(error))
        return None
