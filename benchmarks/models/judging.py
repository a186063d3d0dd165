"""Judging a detector beside the bare network on the same clip."""

import tempfile
import time
from pathlib import Path

from benchmarks.edge.media import MODEL, STREET
from benchmarks.edge.statistics import median_interval
from benchmarks.models.street_labels import street_folder
from edge.cameras.pyav_source import PyAvSource
from edge.vision.framing import Framing
from edge.vision.onnx_model import OnnxModel
from models.judging.coco_folder import read_coco_folder
from models.judging.looking import Candidate, look
from models.judging.scoring import score

__all__ = ["evaluate_over_raw"]


def evaluate_over_raw(*, rounds: int) -> dict[str, object]:
    """Return pictures/s of a whole judging over runs/s of the bare network, one thread each.

    Whole: loading the network, decoding, inference, suppression, matching and all figures; without
    plots. ``_cpu`` is the same in seconds of the processor, decoding on the second core included; other
    load on the machine disturbs it less. Rounds of both take turns, each gives one ratio; with the ends of its 95 % interval.

    Args:
        rounds: pairs.
    """
    model = OnnxModel(MODEL, threads=1)
    source = PyAvSource("raw", STREET, pace="fast")
    source.open()
    frame = source.read(1.0)
    source.close()
    assert frame is not None
    blob = Framing(model.facts, trim=True).frame(frame).blob
    ratios, cpu_ratios, rates = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        judged = read_coco_folder(street_folder(Path(folder)))
        candidate = Candidate(MODEL)
        for _ in range(rounds):
            started_s, started_cpu_s = time.perf_counter(), time.process_time()
            for _ in judged.pictures:
                model.run(blob)
            between_s, between_cpu_s = time.perf_counter(), time.process_time()
            looked = look(candidate, judged)
            scored = score(candidate, judged, looked, confidence=0.3)
            ended_s, ended_cpu_s = time.perf_counter(), time.process_time()
            ratios.append((between_s - started_s) / (ended_s - between_s))
            cpu_ratios.append((between_cpu_s - started_cpu_s) / (ended_cpu_s - between_cpu_s))
            rates.append(len(judged.pictures) / (ended_s - between_s))
    median, low, high = median_interval(ratios)
    return {
        "evaluate_over_raw": median,
        "evaluate_over_raw_95": [low, high],
        "evaluate_over_raw_cpu": median_interval(cpu_ratios)[0],
        "evaluate_pictures_per_s": round(sorted(rates)[len(rates) // 2], 1),
        "street_ap50_person": round(scored.report.map50 or 0.0, 4),
    }
