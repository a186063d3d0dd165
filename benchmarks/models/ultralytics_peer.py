"""A box's eyes beside Ultralytics' own tracking: the same network, the same film, the same machine."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

import click
import msgspec

from benchmarks.edge.episodes import CELLS, observed, recall
from benchmarks.edge.eyes import Eyes
from benchmarks.edge.peer_process import peer_process
from benchmarks.edge.statistics import median_interval
from benchmarks.edge.throughput import box_line
from benchmarks.models.drawn import drawn_film, training_set
from edge.camera_config import CameraConfig, GateConfig, OnnxConfig
from edge.source_config import SourceConfig

__all__ = ["over_ultralytics", "trained"]

_ROOT = Path(__file__).resolve().parents[2]
_PYTHON = _ROOT / ".venv-ultralytics" / "bin" / "python"
_MODEL = _ROOT / "var" / "benchmarks" / "yolo11n-drawn.onnx"
_HERE = Path(__file__).parent
_THREADS = 2
"""Of one inference, on both sides: Ultralytics lets the runtime take every core."""

_QUIET = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "YOLO_VERBOSE": "false"}


def trained() -> Path | None:
    """Return YOLO11n trained briefly on drawn scenes; trained now where that was not done yet.

    None without the environment that Ultralytics lives in: docs/judging.md tells how to make it.
    """
    if _MODEL.is_file():
        return _MODEL
    if not _PYTHON.is_file():
        return None
    with tempfile.TemporaryDirectory() as folder:
        data = training_set(Path(folder) / "drawn")
        script = str(_HERE / "_ultralytics_training.py")
        click.echo("training YOLO11n on drawn scenes, some minutes", err=True)
        subprocess.run(
            [str(_PYTHON), script, str(data), str(_MODEL)],
            check=True,
            stdout=subprocess.DEVNULL,
            env=_environment(folder),
            cwd=folder,
        )
    return _MODEL


def over_ultralytics(*, rounds: int, frames: int) -> dict[str, object]:
    """Return frames/s of ours over Ultralytics' tracking: every frame inferred, and with two clocks.

    Ours tracks and keeps zones beside; a film of 28 s of which a quarter is alive. ``_cpu`` is the same
    in seconds of the processor. ``_box`` is every frame inferred as a box does it: decoders in processes of
    their own, a worker with one thread for each of the cores that the peer's inference has, the loop beside
    them; gate and tracker, no zones. Each with the ends of its 95 % interval. Nothing without the peer.

    Args:
        rounds: in each, all take turns.
        frames: of the film, looped, in each turn.
    """
    model = trained()
    if model is None or not _PYTHON.is_file():
        click.echo("over_ultralytics: no .venv-ultralytics, see docs/judging.md", err=True)
        return {}
    shares: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        film = drawn_film(Path(folder) / "street.mp4")
        camera = CameraConfig(
            id="street",
            source=SourceConfig(file="-"),
            detector=OnnxConfig(model=str(model), threads=_THREADS),
            gate=GateConfig(enabled=False),
            zones=CELLS,
        )
        clocks = msgspec.structs.replace(camera, gate=GateConfig())
        parts = {
            "over_ultralytics": Eyes(camera, film, aspect=16 / 9),
            "over_ultralytics_clocks": Eyes(clocks, film, aspect=16 / 9),
        }
        command = [str(_PYTHON), str(_HERE / "_ultralytics_peer.py"), str(film), str(model)]
        with (
            peer_process(command, environment=_environment(folder), folder=Path(folder)) as theirs,
            box_line(1, workers=_THREADS, model=model, film=film) as box,
        ):
            theirs.run(frames // 4)
            box.run(frames // 4)
            for ours in parts.values():
                ours.run(frames // 4)
            for _ in range(rounds):
                peer = theirs.run(frames)
                for name, ours in parts.items():
                    own = ours.run(frames)
                    shares.setdefault(name, []).append(peer[0] / own[0])
                    shares.setdefault(f"{name}_cpu", []).append(peer[1] / own[1])
                started_s = time.perf_counter()
                box.run(frames)
                elapsed_s = time.perf_counter() - started_s
                shares.setdefault("over_ultralytics_box", []).append(peer[0] / elapsed_s)
        hits, total = recall(observed(film, camera), observed(film, clocks))
    figures: dict[str, object] = {
        "over_ultralytics_clocks_recall": round(hits / total, 4) if total else None,
        "over_ultralytics_observations": total,
    }
    for name, values in shares.items():
        median, low, high = median_interval(values)
        figures |= {name: median, f"{name}_95": [low, high]}
    return figures


def _environment(folder: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return own | _QUIET | {"YOLO_CONFIG_DIR": folder}
