"""How well people are followed, beside the ByteTrack of ``trackers`` on the same detections."""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.edge.media import CAR_PARK, MODEL, STREET, TRUTH
from edge.camera_config import Anchor, BackgroundConfig, CameraConfig, LineConfig
from edge.cameras.frame import Frame
from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraEnded
from edge.perception_build import build_perception
from edge.replay import Replay
from edge.source_config import SourceConfig
from edge.vision.mot import mot_lines
from edge.vision.onnx_detector import OnnxDetector
from edge.vision.tracker import Tracker

__all__ = ["PEERS", "car_park_counts", "scores"]

_ROOT = Path(__file__).resolve().parents[2]
PEERS = _ROOT / ".venv-oracles" / "bin" / "python"
_PERSON = 0


def scores() -> dict[str, float]:
    """Return HOTA, MOTA and IDF1 (0..1), ours and the peer's; nothing without the peers."""
    if not PEERS.is_file():
        return {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        frames = _street_frames()
        detector = OnnxDetector(MODEL, confidence=0.1, classes=["person"])
        found = [detector.detect(frame) for frame in frames]
        tracker = Tracker(detector.names)
        tracks = [
            (frame.index, tracker.update(seen, frame.pts_s))
            for frame, seen in zip(frames, found, strict=True)
        ]
        (folder / "ours.txt").write_text("\n".join(mot_lines(tracks)) + "\n", encoding="utf-8")
        np.savez(
            folder / "found.npz",
            frame=np.concatenate([np.full(len(seen), at) for at, seen in enumerate(found)]),
            xyxy=np.concatenate([seen.xyxy for seen in found]),
            confidence=np.concatenate([seen.confidence for seen in found]),
            frames=len(frames),
            fps=25.0,
        )
        script = _ROOT / "benchmarks" / "edge" / "_trackers_peer.py"
        _peer(script, folder / "found.npz", folder / "theirs.txt")
        ours = _score(folder / "ours.txt", len(frames))
        theirs = _score(folder / "theirs.txt", len(frames))
    figures = {name.lower(): round(ours[name], 3) for name in ("HOTA", "MOTA", "IDF1")}
    return figures | {
        f"{name.lower()}_oracle": round(theirs[name], 3) for name in ("HOTA", "MOTA", "IDF1")
    }


def car_park_counts() -> dict[str, int]:
    """Return how many cars cross the car park's middle downwards and upwards; truth: 2 and 2."""
    line = LineConfig(id="middle", start=(0.0, 0.5), end=(1.0, 0.5), anchor=Anchor.CENTRE)
    camera = CameraConfig(
        id="car-park", source=SourceConfig(file="-"), detector=BackgroundConfig(), lines=(line,)
    )
    result = Replay(CAR_PARK, camera, build_perception(camera, _ROOT)).run()
    return {f"cars_{way}": count for way, count in result.totals("middle").items()}


def _street_frames() -> list[Frame]:
    source = PyAvSource("street", STREET, pace="fast")
    source.open()
    frames: list[Frame] = []
    try:
        while True:
            frame = source.read(1.0)
            if frame is not None:
                frames.append(frame)
    except CameraEnded:
        return frames
    finally:
        source.close()


def _score(tracks: Path, frames: int) -> dict[str, float]:
    script = _ROOT / "tests" / "oracles" / "score_tracks.py"
    told = _peer(script, TRUTH, tracks, "--frames", str(frames))
    scored: dict[str, float] = json.loads(told.strip().splitlines()[-1])
    return scored


def _peer(script: Path, *arguments: Path | str) -> str:
    command = [str(PEERS), str(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return done.stdout
