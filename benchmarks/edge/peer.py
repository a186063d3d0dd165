"""A box's eyes beside supervision and trackers around the same network, on the same clip."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from benchmarks.edge.episodes import CELLS, observed, recall
from benchmarks.edge.media import MODEL, STREET
from benchmarks.edge.statistics import median_interval
from benchmarks.edge.throughput import box_line
from benchmarks.edge.tracking import PEERS
from edge.analytics.scene import Scene
from edge.camera_config import (
    Anchor,
    CameraConfig,
    GateConfig,
    LineConfig,
    OnnxConfig,
    SourceConfig,
)
from edge.cameras.pyav_source import PyAvSource
from edge.perception import Perception
from edge.perception_build import build_perception

__all__ = ["over_supervision"]

_SCRIPT = Path(__file__).with_name("_supervision_peer.py")

CAMERA = CameraConfig(
    id="street",
    source=SourceConfig(file="-"),
    detector=OnnxConfig(model=str(MODEL), classes=("person",)),
    gate=GateConfig(enabled=False),
    zones=CELLS,
    lines=(LineConfig(id="middle", start=(0.5, 1.0), end=(0.5, 0.0), anchor=Anchor.CENTRE),),
)
TWO_CLOCKS = msgspec.structs.replace(CAMERA, gate=GateConfig(active_fps=10.0))


def over_supervision(*, rounds: int, frames: int) -> dict[str, object]:
    """Return frames/s of ours over theirs, every frame inferred and with two clocks.

    One thread infers in both. ``_cpu`` is the same in seconds of the processor, which other load on
    the machine disturbs less. Each with the ends of its 95 % interval. Nothing without the peers.

    Args:
        rounds: in each, all take turns.
        frames: of the clip, looped, in each turn.
    """
    if not PEERS.is_file():
        return {}
    every, clocks = _Ours(CAMERA), _Ours(TWO_CLOCKS)
    shares: dict[str, list[float]] = {}
    with _theirs() as theirs, box_line(1) as line:
        theirs(frames // 4)
        line.run(frames // 4)
        every.run(frames // 4)
        clocks.run(frames // 4)
        for _ in range(rounds):
            peer = theirs(frames)
            for name, ours in (("over_supervision", every), ("over_supervision_clocks", clocks)):
                own = ours.run(frames)
                shares.setdefault(name, []).append(peer[0] / own[0])
                shares.setdefault(f"{name}_cpu", []).append(peer[1] / own[1])
            started_s = time.perf_counter()
            line.run(frames)
            elapsed_s = time.perf_counter() - started_s
            shares.setdefault("over_supervision_box", []).append(peer[0] / elapsed_s)
    truth, told = observed(STREET, CAMERA), observed(STREET, TWO_CLOCKS)
    hits, total = recall(truth, told)
    figures: dict[str, object] = {"clocks_recall": round(hits / total, 4)}
    for name, values in shares.items():
        median, low, high = median_interval(values)
        figures |= {name: median, f"{name}_95": [low, high]}
    return figures


class _Ours:
    """A camera's eyes and rules in one process and one loop, as the peers' examples have it."""

    def __init__(self, camera: CameraConfig) -> None:
        self._perception: Perception = build_perception(camera, Path("/"))
        self._scene = Scene(camera.zones, camera.lines, aspect=4 / 3)
        self._source = PyAvSource("street", STREET, pace="fast", loop=True)
        self._source.open()

    def run(self, frames: int) -> tuple[float, float]:
        """Return the seconds of the clock and of the processor for so many frames."""
        started_s, cpu_s = time.perf_counter(), time.process_time()
        for _ in range(frames):
            frame = self._source.read(1.0)
            assert frame is not None
            if frame.discontinuity:
                self._perception.forget()
                self._scene.clear()
            percept = self._perception.look(frame)
            if percept is not None:
                seen = percept.tracks.seen_now()
                self._scene.update(seen, percept.normalised(seen), frame.pts_s)
        return time.perf_counter() - started_s, time.process_time() - cpu_s


@contextmanager
def _theirs() -> Iterator["_Ask"]:
    command = [str(PEERS), str(_SCRIPT), str(STREET), str(MODEL)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield _Ask(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(timeout=30)


class _Ask:
    """The peers' process, asked to look at frames."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, frames: int) -> tuple[float, float]:
        """Return the seconds of the clock and of the processor for so many frames."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{frames}\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return float(answer["s"]), float(answer["cpu_s"])
