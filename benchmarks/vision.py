"""What a camera costs on the CPU: decoding, motion gate, detector, tracker.

The parts are timed in alternation, round by round, and the medians of the rounds are reported, so
that whatever else the machine does meets all of them alike. The clip and the model are the ones
for measuring that lie beside the repository; without them a clip is drawn and the network is left
out. ``detect_share_of_raw`` compares the whole detector (letterbox, network, boxes) with the bare
``session.run`` on the same frames: 1 would mean that nothing is lost around the network.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import click
import numpy as np
from av.video.stream import VideoStream

from edge.cameras.frame import Frame
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded
from edge.vision.background_detector import BackgroundDetector
from edge.vision.detections import Detections
from edge.vision.letterbox import Letterbox, Recipe
from edge.vision.motion_gate import MotionGate
from edge.vision.onnx_detector import OnnxDetector
from edge.vision.onnx_model import OnnxModel
from edge.vision.tracker import Tracker

__all__ = ["main"]

_SHARED = Path(__file__).resolve().parents[2] / "shared"
_CLIP = _SHARED / "media" / "TUD-Stadtmitte.mp4"
_MODEL = _SHARED / "models" / "yolox_nano_coco.onnx"
_ROUNDS = 5
_FRAMES = 60


def main(as_json: bool) -> None:
    """Time every part and print frames per second, as JSON or as lines."""
    with tempfile.TemporaryDirectory() as folder:
        clip = _CLIP if _CLIP.is_file() else _draw(Path(folder) / "drawn.mp4")
        figures = _measure(clip)
    if as_json:
        click.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        click.echo(f"{name:24} {value}")


def _measure(clip: Path) -> dict[str, float | str | int]:
    frames = _decode(clip)
    parts: dict[str, Callable[[], object]] = {
        "decode": lambda: _decode(clip, len(frames)),
        "gate": lambda: _gate(frames),
        "background": lambda: _background(frames),
    }
    figures: dict[str, float | str | int] = {
        "clip": clip.name,
        "size": f"{frames[0].width}x{frames[0].height}",
        "frames": len(frames),
    }
    if _MODEL.is_file():
        detector = OnnxDetector(_MODEL, confidence=0.1)
        found = [detector.detect(frame) for frame in frames]
        parts["raw_session"] = _raw_runs(frames)
        parts["detect"] = lambda: [detector.detect(frame) for frame in _fresh(frames)]
        parts["track"] = lambda: _track(found, frames)
        figures["model"] = detector.model_id
    seconds = _alternate(parts)
    for name, rounds in seconds.items():
        figures[f"{name}_fps"] = round(len(frames) / statistics.median(rounds), 1)
    if _MODEL.is_file():
        figures["detect_share_of_raw"] = round(_share_of_raw(detector, frames), 3)
    return figures


def _alternate(parts: dict[str, Callable[[], object]]) -> dict[str, list[float]]:
    """Return the seconds of every part in every round; all parts take turns in each round."""
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(_ROUNDS):
        for name, part in parts.items():
            started = time.perf_counter()
            part()
            seconds[name].append(time.perf_counter() - started)
    return seconds


def _decode(clip: Path, limit: int = _FRAMES) -> list[Frame]:
    source = PyAvSource("bench", clip, pace="fast")
    frames: list[Frame] = []
    source.open()
    try:
        while len(frames) < limit:
            frame = source.read(1.0)
            if frame is not None:
                frames.append(frame)
    except CameraEnded:
        pass
    finally:
        source.close()
    return frames


def _fresh(frames: list[Frame]) -> list[Frame]:
    """Return the frames without the colours that an earlier round converted."""
    return [
        frame.moved(index=frame.index, pts_s=frame.pts_s, discontinuity=False) for frame in frames
    ]


def _gate(frames: list[Frame]) -> None:
    gate = MotionGate()
    for frame in frames:
        gate.update(frame)


def _background(frames: list[Frame]) -> None:
    detector = BackgroundDetector()
    for frame in frames:
        detector.detect(frame)


def _raw_runs(frames: list[Frame]) -> Callable[[], object]:
    """Return the bare network on pictures that were letterboxed beforehand."""
    model = OnnxModel(_MODEL)
    letterbox = Letterbox(Recipe.YOLOX, model.height, model.width)
    blobs = [letterbox.place(frame.bgr())[0].copy() for frame in frames[:10]]

    def run() -> None:
        for number in range(len(frames)):
            model.run(blobs[number % len(blobs)])

    return run


def _share_of_raw(detector: OnnxDetector, frames: list[Frame]) -> float:
    """Return bare network time over whole detector time: the median of pairs, frame by frame."""
    model = OnnxModel(_MODEL)
    letterbox = Letterbox(Recipe.YOLOX, model.height, model.width)
    shares = []
    for frame in _fresh(frames):
        blob = letterbox.place(frame.bgr())[0]
        (cold,) = _fresh([frame])
        started = time.perf_counter()
        model.run(blob)
        between = time.perf_counter()
        detector.detect(cold)
        shares.append((between - started) / (time.perf_counter() - between))
    return statistics.median(shares)


def _track(found: list[Detections], frames: list[Frame]) -> None:
    tracker = Tracker(found[0].class_names)
    for detections, frame in zip(found, frames, strict=True):
        tracker.update(detections, frame.pts_s)


def _draw(path: Path) -> Path:
    """Write a clip of a bright block on noise, 640 x 480 pixels; return its path."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        stream.time_base = Fraction(1, 25)
        for number in range(_FRAMES):
            picture = rng.normal(110, 4, (480, 640, 3)).clip(0, 255).astype(np.uint8)
            picture[200:300, number * 8 : number * 8 + 120] = 230
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
