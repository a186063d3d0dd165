"""How much of the people in a real street redaction misses, measured against the clip's truth."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from edge.cameras.pyav_source import PyAvSource
from edge.config import load_edge_config
from edge.errors import CameraEnded
from edge.evidence.album import subjects_of
from edge.evidence.config import RedactPolicy
from edge.evidence.redaction import redact
from edge.evidence.subject import Subject
from edge.evidence.view import View
from edge.perception_build import build_perception
from tests.integration.edge_vision.shared_media import media, model

pytestmark = pytest.mark.slow

Box = tuple[int, int, int, int]
CONFIG = Path(__file__).parents[3] / "examples" / "street.yaml"


def true_heads() -> dict[int, list[Box]]:
    """Return the upper fifth of every person's box by frame index, cut to the picture."""
    heads = defaultdict(list)
    for line in media("TUD-Stadtmitte-gt.txt").read_text().splitlines():
        frame, _, left, top, width, height, *_ = (float(value) for value in line.split(","))
        x0, x1 = max(0, round(left)), min(640, round(left + width))
        y0, y1 = max(0, round(top)), min(480, round(top + height / 5.0))
        if x1 - x0 >= 8 and y1 - y0 >= 8:
            heads[int(frame) - 1].append((x0, y0, x1, y1))
    return heads


class Residual:
    """What pictures of the street leave of the heads of its people."""

    def __init__(self) -> None:
        self.heads = 0
        self.kept = {"objects": 0, "place": 0, "subject": 0}
        """Heads that keep more than a quarter of their pixels as they were."""
        self.widest = 0.0
        """Most blocks across a face in a picture of the place, if nobody had been found there."""

    def look(self, view: View, subjects: Iterable[Subject], heads: Iterable[Box]) -> None:
        """Measure one view."""
        original = view.frame.bgr()
        pictures = {
            "objects": [redact(view, RedactPolicy.OBJECTS)[0]],
            "place": [redact(view, RedactPolicy.AUTO)[0]],
            "subject": [redact(view, RedactPolicy.AUTO, one)[0] for one in subjects],
        }
        block = redact(view, RedactPolicy.AUTO)[1].block_px
        for x0, y0, x1, y1 in heads:
            self.heads += 1
            for kind, made in pictures.items():
                same = [(one[y0:y1, x0:x1] == original[y0:y1, x0:x1]).all(axis=2) for one in made]
                self.kept[kind] += any(float(np.mean(found)) > 0.25 for found in same)
            # a face is at most half as wide as its person
            self.widest = max(self.widest, (x1 - x0) / 2.0 / block)


@pytest.fixture(scope="module")
def residual() -> Residual:
    """Measure the whole clip once."""
    camera = load_edge_config(CONFIG).cameras[0]
    onnx = replace(camera.detector, model=str(model("yolox_nano_coco.onnx")))
    perception = build_perception(replace(camera, detector=onnx), CONFIG.parent)
    source = PyAvSource("street", media("TUD-Stadtmitte.mp4"), pace="fast")
    heads, found = true_heads(), Residual()
    source.open()
    try:
        while True:
            frame = source.read(1.0)
            assert frame is not None
            percept = perception.look(frame)
            if percept is not None and percept.view is not None and percept.view.sure:
                subjects = subjects_of(percept.tracks.seen_now()).values()
                found.look(percept.view, subjects, heads[frame.index])
    except CameraEnded:
        source.close()
    return found


def test_no_head_stays_as_it_was_in_what_leaves_by_default(residual: Residual) -> None:
    """About a subject or of a place: not one of the heads keeps its pixels, found or missed."""
    assert residual.heads > 800
    assert residual.kept["subject"] == 0
    assert residual.kept["place"] == 0


def test_a_face_that_is_missed_keeps_too_few_blocks(residual: Residual) -> None:
    """Even if no detector had found anybody, no face would have the 16 blocks that it takes."""
    assert 4.0 < residual.widest < 16.0


def test_heads_that_stay_legible_where_only_objects_are_covered_are_few(residual: Residual) -> None:
    """With ``redact: objects`` at most 1 % of the heads keep more than a quarter of their pixels."""
    share = residual.kept["objects"] / residual.heads

    assert share <= 0.01, f"{residual.kept['objects']} of {residual.heads} heads"
