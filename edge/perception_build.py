"""Builds what looks at the frames of one camera, from its configuration."""

from pathlib import Path

from edge.attention.focus import Focus, FocusPolicy
from edge.attention.size_grid import SizeGrid
from edge.attention.still_things import StillThings
from edge.camera_config import BackgroundConfig, CameraConfig, GateConfig, OnnxConfig
from edge.errors import ModelError
from edge.perception import Perception, input_px
from edge.vision.motion_gate import MotionGate
from edge.vision.ports import Detector
from edge.vision.tracker import Tracker

__all__ = ["build_detector", "build_perception", "check_classes", "focus_policy"]


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
) -> Perception:
    """Return what turns a camera's frames into tracks.

    Args:
        camera: the camera.
        folder: what relative paths in the configuration start from.
        detector: one to use in place of the configured one.
        grid: how large things are where, as learnt before; default: nothing is known.

    Raises:
        ModelError: the detector cannot be built, or a class that the camera names is not its.
    """
    detector = detector or build_detector(camera.detector, folder)
    check_classes(camera, detector)
    background = isinstance(camera.detector, BackgroundConfig)
    tracker = Tracker(
        detector.names,
        low_confidence=0.1 if background else _onnx(camera).low_confidence,
        new_confidence=0.45 if background else _onnx(camera).confidence,
        min_hits=camera.tracker.min_hits,
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
        ),
        classes=camera.detector.classes,
        fps=camera.fps,
        policy=camera.evidence.redact,
        masks=tuple(mask.polygon for mask in camera.masks),
    )


def _onnx(camera: CameraConfig) -> OnnxConfig:
    assert isinstance(camera.detector, OnnxConfig)
    return camera.detector


def check_classes(camera: CameraConfig, detector: Detector) -> None:
    """Refuse class names that the detector does not have: they would count nothing, silently.

    Raises:
        ModelError: a class that the camera names is not the detector's.
    """
    named = [("detector.classes", camera.detector.classes)]
    named += [(f"zone {zone.id}", zone.classes) for zone in camera.zones]
    named += [(f"line {line.id}", line.classes) for line in camera.lines]
    for where, classes in named:
        unknown = [name for name in classes if name not in detector.names]
        if unknown:
            msg = (
                f"camera {camera.id!r}: {where} names class {', '.join(unknown)}, which detector "
                f"{detector.model_id} does not have; it has {', '.join(detector.names)}"
            )
            raise ModelError(msg)
