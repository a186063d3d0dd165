"""Builds what looks at the frames of one camera, from its configuration."""

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from edge.attention.focus import Focus, FocusPolicy
from edge.attention.size_grid import SizeGrid
from edge.attention.still_things import StillThings
from edge.camera_config import (
    BackgroundConfig,
    CameraConfig,
    FurtherModelConfig,
    GateConfig,
    OnnxConfig,
)
from edge.errors import ModelError
from edge.further_eyes import FurtherEye, FurtherEyes, further_tracker
from edge.further_names import Naming
from edge.perception import Perception, input_px
from edge.vision.motion_gate import MotionGate
from edge.vision.ports import Detector
from edge.vision.tracker import Tracker

__all__ = ["build_detector", "build_perception", "check_classes", "focus_policy"]

_LEARN_EVERY_S = 0.25
"""Seconds between two looks while a scene is learnt: three looks make a track in 0.6 s. After a break of
all cameras at once (a switch that was restarted) every frame of every one of them would be looked at for a
second otherwise, just when there is most to tell."""


def build_detector(config: OnnxConfig | BackgroundConfig, folder: Path) -> Detector:
    """Return a camera's detector.

    Args:
        config: which one.
        folder: what relative paths in the configuration start from.

    Raises:
        ModelError: the model is missing, not ONNX, of unknown layout, or lacks a class.
    """
    if isinstance(config, BackgroundConfig):
        from edge.vision.background_detector import BackgroundDetector, SizeClass  # noqa: PLC0415

        sizes = tuple(SizeClass(size.label, size.min_area_ratio) for size in config.sizes)
        return BackgroundDetector(classes=sizes)
    # onnxruntime takes half a second to import; a box without a model does without
    from edge.vision.onnx_detector import OnnxDetector  # noqa: PLC0415

    return OnnxDetector(
        folder / config.model,
        layout=config.layout,
        names=config.names or None,
        confidence=config.low_confidence,
        nms_iou=config.nms_iou,
        threads=config.threads,
        runtime=config.runtime,
    )


def focus_policy(gate: GateConfig) -> FocusPolicy:
    """Return how much attention a camera's configuration asks for."""
    return FocusPolicy(
        gating=gate.enabled,
        heartbeat_s=gate.heartbeat_s,
        scan_s=max(gate.scan_s, gate.heartbeat_s),
        settle_s=gate.settle_s,
        active_fps=gate.active_fps,
        regions=gate.regions,
        budget=gate.max_regions,
    )


def build_perception(
    camera: CameraConfig,
    folder: Path,
    detector: Detector | None = None,
    *,
    grid: SizeGrid | None = None,
    network: Callable[[FurtherModelConfig], Detector] | None = None,
    rest_s: float = 0.0,
    shared: bool = False,
) -> Perception:
    """Return what turns a camera's frames into tracks.

    Args:
        camera: the camera.
        folder: what relative paths in the configuration start from.
        detector: one to use in place of the configured one.
        grid: how large things are where, as learnt before; default: nothing is known.
        network: returns the detector of a further network; default: one in this process.
        rest_s: as for :class:`Perception`.
        shared: whether many cameras ask the same workers: none of them then looks more often than it must
            while it learns its scene, and each scans in moments of its own.

    Raises:
        ModelError: the detector cannot be built, or a class that the camera names is not its.
    """
    detector = detector or build_detector(camera.detector, folder)
    further = _further(
        camera, detector.names, network or (lambda one: build_detector(one.detector, folder))
    )
    more = () if further is None else further.names
    check_classes(camera, detector, more)
    background = isinstance(camera.detector, BackgroundConfig)
    tracker = Tracker(
        detector.names,
        low_confidence=0.1 if background else _onnx(camera).low_confidence,
        new_confidence=0.45 if background else _onnx(camera).confidence,
        min_hits=camera.tracker.min_hits,
        sure_confidence=camera.tracker.sure_confidence,
        lost_s=camera.tracker.lost_s,
        most=camera.tracker.max_tracks,
    )
    return Perception(
        detector,
        tracker,
        MotionGate(min_changed_ratio=camera.gate.changed_ratio),
        focus=Focus(
            focus_policy(camera.gate),
            input_px=input_px(detector),
            grid=grid,
            still=StillThings(after_s=camera.gate.still_after_s),
            phase=zlib.crc32(camera.id.encode()) % 1000 / 1250.0 if shared else 0.0,
            learn_every_s=_LEARN_EVERY_S if shared else 0.0,
        ),
        classes=camera.detector.classes,
        fps=camera.fps,
        policy=camera.evidence.redact,
        masks=tuple(mask.polygon for mask in camera.masks),
        further=further,
        rest_s=rest_s,
    )


def _further(
    camera: CameraConfig,
    taken: tuple[str, ...],
    network: Callable[[FurtherModelConfig], Detector],
) -> FurtherEyes | None:
    """Return a camera's further networks; None where it has none.

    Raises:
        ModelError: one cannot be loaded, lacks a class, or tells one that another tells already.
    """
    eyes: list[FurtherEye] = []
    for one in camera.further_models:
        config = one.detector
        detector = network(one)
        where = f"camera {camera.id!r}: further_models {one.id!r}"
        _check_known(
            f"{where}: detector.classes", config.classes, detector.names, detector.model_id
        )
        naming = Naming(one.id, one.prefix, frozenset(config.classes))
        told = naming.tell(detector.names, taken)
        if told.clashes:
            raise ModelError(
                f"{where} tells {', '.join(told.clashes[:5])}, which another of the camera's models "
                "tells already; leave it out with detector.classes, or give all of them a prefix"
            )
        taken += told.names
        eyes.append(
            FurtherEye(
                one.id,
                detector,
                further_tracker(
                    told.names,
                    confidence=config.confidence,
                    low_confidence=config.low_confidence,
                    every_s=one.every_s,
                    hits=one.min_hits,
                ),
                one.every_s,
                np.asarray(told.wanted, bool),
                naming=naming,
                known=len(detector.names),
                told=told.names,
            )
        )
    return FurtherEyes(camera.id, eyes) if eyes else None


def _onnx(camera: CameraConfig) -> OnnxConfig:
    assert isinstance(camera.detector, OnnxConfig)
    return camera.detector


def check_classes(camera: CameraConfig, detector: Detector, more: tuple[str, ...] = ()) -> None:
    """Refuse class names that no detector of a camera has: they would count nothing, silently.

    Args:
        camera: the camera.
        detector: its first network.
        more: classes of its further networks, as they are told.

    Raises:
        ModelError: a class that the camera names is nobody's.
    """
    of_camera, model = f"camera {camera.id!r}: ", detector.model_id
    _check_known(f"{of_camera}detector.classes", camera.detector.classes, detector.names, model)
    for kind, places in (("zone", camera.zones), ("line", camera.lines)):
        for place in places:
            names = detector.names + more
            _check_known(f"{of_camera}{kind} {place.id}", place.classes, names, model)


def _check_known(
    where: str, classes: tuple[str, ...], names: tuple[str, ...], model_id: str
) -> None:
    unknown = [name for name in classes if name not in names]
    if unknown:
        raise ModelError(
            f"{where} names class {', '.join(unknown)}, which detector {model_id} does not have; "
            f"it has {', '.join(names)}"
        )
