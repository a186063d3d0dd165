"""Runs the ByteTrack of ``trackers`` over given detections; run by the peers' own Python.

Its thresholds are ours (0.45 starts a track, 0.1 keeps one), since with its defaults (0.7) it would
follow hardly anybody whom so small a network finds.
"""

import importlib
import sys
from pathlib import Path

import numpy as np


def main() -> None:
    """Read detections from the first file and write tracks as MOTChallenge text to the second."""
    trackers = importlib.import_module("trackers")
    supervision = importlib.import_module("supervision")

    stored = np.load(sys.argv[1])
    tracker = trackers.ByteTrackTracker(
        track_activation_threshold=0.45,
        high_conf_det_threshold=0.4,
        minimum_consecutive_frames=3,
        lost_track_buffer=38,
        frame_rate=float(stored["fps"]),
    )
    lines = []
    for number in range(int(stored["frames"])):
        rows = stored["frame"] == number
        found = supervision.Detections(
            xyxy=stored["xyxy"][rows],
            confidence=stored["confidence"][rows],
            class_id=np.zeros(int(rows.sum()), int),
        )
        tracked = tracker.update(found)
        known = tracked.tracker_id
        for box, track in zip(tracked.xyxy, [] if known is None else known, strict=False):
            if track >= 0:
                left, top, right, bottom = (float(value) for value in box)
                size = f"{right - left:.2f},{bottom - top:.2f}"
                lines.append(f"{number + 1},{int(track)},{left:.2f},{top:.2f},{size},1,-1,-1,-1")
    Path(sys.argv[2]).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
