"""Scores MOTChallenge text against truth with TrackEval; run by the oracles' own Python.

TrackEval brings opencv-python, which cannot live beside opencv-python-headless. Prints one JSON
object: HOTA, MOTA, IDF1 (0..1), and the counts of identity switches, misses and false boxes.
"""

import argparse
import importlib
import json
import shutil
import tempfile
from pathlib import Path

_BENCHMARK = "MOT15"
_SEQUENCE = "sequence"


def _score(truth: Path, tracks: Path, frames: int) -> dict[str, float]:
    # only the oracles' environment has it
    trackeval = importlib.import_module("trackeval")

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        truth_copy = root / "gt" / _SEQUENCE / "gt" / "gt.txt"
        tracks_copy = root / "trackers" / "ours" / "data" / f"{_SEQUENCE}.txt"
        for source, copy in ((truth, truth_copy), (tracks, tracks_copy)):
            copy.parent.mkdir(parents=True)
            shutil.copyfile(source, copy)
        dataset = trackeval.datasets.MotChallenge2DBox(
            {
                "GT_FOLDER": str(root / "gt"),
                "TRACKERS_FOLDER": str(root / "trackers"),
                "BENCHMARK": _BENCHMARK,
                "SKIP_SPLIT_FOL": True,
                "DO_PREPROC": False,
                "PRINT_CONFIG": False,
                "SEQ_INFO": {_SEQUENCE: frames},
            }
        )
        raw = dataset.get_raw_seq_data("ours", _SEQUENCE)
        data = dataset.get_preprocessed_seq_data(raw, "pedestrian")
        quiet = {"PRINT_CONFIG": False}
        hota = trackeval.metrics.HOTA().eval_sequence(data)
        clear = trackeval.metrics.CLEAR(quiet).eval_sequence(data)
        identity = trackeval.metrics.Identity(quiet).eval_sequence(data)
    return {
        "HOTA": float(hota["HOTA"].mean()),
        "MOTA": float(clear["MOTA"]),
        "IDF1": float(identity["IDF1"]),
        "IDSW": int(clear["IDSW"]),
        "FN": int(clear["CLR_FN"]),
        "FP": int(clear["CLR_FP"]),
    }


def main() -> None:
    """Print the scores of a file of tracks as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path)
    parser.add_argument("tracks", type=Path)
    parser.add_argument("--frames", type=int, required=True, help="frames of the clip")
    arguments = parser.parse_args()
    scores = _score(arguments.truth, arguments.tracks, arguments.frames)
    print(json.dumps(scores))  # noqa: T201 - the caller reads it


if __name__ == "__main__":
    main()
