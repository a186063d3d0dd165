"""supervision and trackers around the same network and clip; run by the peers' own Python.

Written as their own examples show it: OpenCV reads, one ONNX session infers, ``Detections`` and NMS,
ByteTrack, a polygon zone and a line zone. Reads a request a line (the number of frames, looping
the clip) and answers with one JSON object: seconds of the clock and of the processor.
"""

import importlib
import json
import sys
import time
from itertools import count

import cv2
import numpy as np
import onnxruntime

_SIDE = 416
_FLOOR = 0.1


def _grid() -> tuple[np.ndarray, np.ndarray]:
    cells, strides = [], []
    for stride in (8, 16, 32):
        ys, xs = np.mgrid[: _SIDE // stride, : _SIDE // stride]
        cells.append(np.stack((xs.ravel(), ys.ravel()), axis=1))
        strides.append(np.full((xs.size, 1), stride))
    return np.concatenate(cells), np.concatenate(strides)


class _Pipeline:
    def __init__(self, clip: str, model: str) -> None:
        self.sv = importlib.import_module("supervision")
        trackers = importlib.import_module("trackers")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name
        self.cells, self.strides = _grid()
        self.clip = clip
        self.capture = cv2.VideoCapture(clip)
        self.tracker = trackers.ByteTrackTracker(
            track_activation_threshold=0.45, high_conf_det_threshold=0.4, frame_rate=25.0
        )
        width, height = (int(self.capture.get(one)) for one in (3, 4))
        half = np.array([[0, 0], [width // 2, 0], [width // 2, height], [0, height]])
        self.zone = self.sv.PolygonZone(half)
        middle = self.sv.Point(width // 2, height), self.sv.Point(width // 2, 0)
        self.line = self.sv.LineZone(*middle)

    def step(self) -> None:
        good, picture = self.capture.read()
        if not good:
            self.capture = cv2.VideoCapture(self.clip)
            good, picture = self.capture.read()
        height, width = picture.shape[:2]
        scale = min(_SIDE / height, _SIDE / width)
        resized = cv2.resize(picture, (int(width * scale), int(height * scale)))
        padded = np.full((_SIDE, _SIDE, 3), 114, np.uint8)
        padded[: resized.shape[0], : resized.shape[1]] = resized
        blob = np.ascontiguousarray(padded.transpose(2, 0, 1)[None], np.float32)
        rows = self.session.run(None, {self.input: blob})[0][0]
        scores = rows[:, 4:5] * rows[:, 5:]
        classes = scores.argmax(axis=1)
        confidence = scores[np.arange(len(scores)), classes]
        keep = confidence >= _FLOOR
        centre = (rows[keep, :2] + self.cells[keep]) * self.strides[keep]
        size = np.exp(rows[keep, 2:4]) * self.strides[keep]
        xyxy = np.concatenate((centre - size / 2, centre + size / 2), axis=1) / scale
        found = self.sv.Detections(
            xyxy=xyxy, confidence=confidence[keep], class_id=classes[keep]
        ).with_nms(threshold=0.45)
        tracked = self.tracker.update(found[found.class_id == 0])
        if tracked.tracker_id is not None and len(tracked):
            tracked = tracked[tracked.tracker_id >= 0]
        self.zone.trigger(tracked)
        self.line.trigger(tracked)


def main() -> None:
    """Answer requests until there are no more."""
    pipeline = _Pipeline(sys.argv[1], sys.argv[2])
    for _ in count():
        request = sys.stdin.readline()
        if not request:
            return
        started, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(request)):
            pipeline.step()
        answer = {"s": time.perf_counter() - started, "cpu_s": time.process_time() - cpu}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
