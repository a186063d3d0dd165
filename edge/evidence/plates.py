"""Where the plate of a vehicle is, as far as a network knows; none is shipped.

Whatever may be a plate is covered by one colour; a vehicle is shown sharper only where its plate is surely
seen. Even one that is missed keeps fewer blocks than reading takes.
"""

import hashlib
from pathlib import Path

import numpy as np
import structlog

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.evidence.config import PlateModelConfig
from edge.evidence.mosaic import grown
from edge.evidence.subject import Plates, Subject
from edge.evidence.view import View
from edge.vision.onnx_detector import OnnxDetector
from edge.vision.ports import Detector

__all__ = ["PlateFinder", "build_plates", "load_plates"]

_PLATE = "plate"

_WIDEST = 0.5
"""Greatest width of a plate as a share of its vehicle's: a car's takes a quarter. Source: GA 36-2018."""

_LOG = structlog.get_logger("edge.evidence")


class PlateFinder:
    """Looks for plates in the vehicle that a picture is about; for one thread.

    Args:
        detector: finds plates; whatever it finds is taken for one.
        sure_confidence: least score, 0..1, of one that is surely seen.
    """

    def __init__(self, detector: Detector, sure_confidence: float) -> None:
        self._detector = detector
        self._sure = sure_confidence

    def find(self, view: View, subject: Subject) -> Plates:
        """Return what may be plates in a vehicle, in pixels of the picture.

        Raises:
            ModelError: the network cannot take the picture, or answers other classes.
            InferenceFault: it answers NaN.
        """
        picture = view.picture()
        left, top, right, bottom = grown(subject.xyxy, picture.shape[1], picture.shape[0])
        if right <= left or bottom <= top:
            return Plates(np.empty((0, 4)), sure=False)
        frame = view.frame
        vehicle = Frame.from_array(
            np.ascontiguousarray(picture[top:bottom, left:right]),
            camera=frame.camera,
            index=frame.index,
            pts_s=frame.pts_s,
            captured_at=frame.captured_at,
        )
        found = self._detector.detect(vehicle)
        if found.class_id.any():
            raise ModelError(
                f"plate model {self._detector.model_id}: it answers more than one class"
            )
        plausible = found.xyxy[:, 2] - found.xyxy[:, 0] <= _WIDEST * (right - left)
        sure = bool(np.any(plausible & (found.confidence >= self._sure)))
        corner = np.asarray([left, top, left, top], np.float64)
        return Plates(np.asarray(found.xyxy + corner, np.float64), sure)


def load_plates(config: PlateModelConfig, folder: Path) -> PlateFinder:
    """Return a configured plate network.

    Raises:
        ModelError: it is missing, another file than the configuration says, or no network of one class.
    """
    path = folder / config.model
    if not path.is_file():
        raise ModelError(
            f"plate model {path}: no such file; put one there, or take evidence.plates away"
        )
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != config.sha256:
        msg = (
            f"plate model {path}: its SHA-256 is {digest}, evidence.plates.sha256 says {config.sha256}; "
            "put the right file there, or look at this one and write down its own"
        )
        raise ModelError(msg)
    detector = OnnxDetector(path, names=(_PLATE,), confidence=config.confidence, nms_iou=0.7)
    return PlateFinder(detector, config.sure_confidence)


def build_plates(config: PlateModelConfig | None, folder: Path) -> PlateFinder | None:
    """Return the configured plate network; None where there is none or it cannot be used.

    Vehicles are then shown as without one: more coarsely.
    """
    if config is None:
        return None
    try:
        return load_plates(config, folder)
    except ModelError as error:
        _LOG.error("plates_refused", reason=str(error))
        return None
