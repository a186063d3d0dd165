"""A real network judged on a real clip with its truth, beside COCO's own evaluation."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.models.street_labels import street_folder
from models.judging.coco_folder import read_coco_folder
from models.judging.looking import Candidate, look
from models.judging.scoring import score
from tests.integration.edge_vision.shared_media import media, model
from tests.unit.models_judging.coco_oracle import coco_precision

pytestmark = pytest.mark.slow


def test_figures_of_a_real_network_are_those_of_coco(tmp_path: Path) -> None:
    """On every fifth frame of the street, mAP is COCO's, and the stages and shares are plausible."""
    media("TUD-Stadtmitte.mp4")
    judged = read_coco_folder(street_folder(tmp_path), every=5)
    candidate = Candidate(model("yolox_nano_coco.onnx"))
    looked = look(candidate, judged)
    scored = score(candidate, judged, looked, confidence=0.3)
    expected = coco_precision(judged.truth, looked.found, pictures=len(judged.pictures), classes=1)

    assert scored.report.map50_95 == pytest.approx(float(expected["all"].mean()), abs=1e-12)
    assert scored.report.map50 == pytest.approx(float(expected["all"][0].mean()), abs=1e-12)
    # the project's own figures for this clip: recall 0.84, precision 0.95
    (person,) = scored.report.classes
    assert person.recall == pytest.approx(0.84, abs=0.05)
    assert person.precision == pytest.approx(0.95, abs=0.05)
    assert np.all(looked.stage_s["network"] > 0.0)
