"""A box's eyes beside supervision and trackers around the same network, on the same clip."""

import time
from pathlib import Path

import msgspec

from benchmarks.edge.episodes import CELLS, observed, recall
from benchmarks.edge.eyes import Eyes
from benchmarks.edge.media import MODEL, STREET
from benchmarks.edge.peer_process import peer_process
from benchmarks.edge.statistics import median_interval
from benchmarks.edge.throughput import box_line
from benchmarks.edge.tracking import PEERS
from edge.camera_config import Anchor, CameraConfig, GateConfig, LineConfig, OnnxConfig
from edge.source_config import SourceConfig

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
    every, clocks = (Eyes(one, STREET, aspect=4 / 3) for one in (CAMERA, TWO_CLOCKS))
    command = [str(PEERS), str(_SCRIPT), str(STREET), str(MODEL)]
    shares: dict[str, list[float]] = {}
    with peer_process(command) as theirs, box_line(1) as line:
        theirs.run(frames // 4)
        line.run(frames // 4)
        every.run(frames // 4)
        clocks.run(frames // 4)
        for _ in range(rounds):
            peer = theirs.run(frames)
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
