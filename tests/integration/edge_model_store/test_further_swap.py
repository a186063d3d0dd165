"""A signed model takes the place of a further network's file; what its camera calls things stays."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.blob_network import write_blob_network
from tests.integration.edge_model_store.model_box import MODEL, ModelBox, drive
from tests.integration.edge_model_store.registry_server import served

pytestmark = [pytest.mark.slow]

DETECTORS = """  detector: {kind: onnx, model: own.onnx, classes: [car]}
  further_models:
  - {id: far, every_s: 0.2, prefix: far-, detector: {kind: onnx, model: own.onnx, bundle: red-finder}}
  zones: [{id: z-1, polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], classes: [far-car]}]"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[ModelBox]:
    """Return a box whose camera has a further network that may be a bundle."""
    with served() as registry:
        made = ModelBox(tmp_path, registry, drive(60.0), detectors=DETECTORS)
        yield made
        made.agent.close()


def labels(box: ModelBox, since: int) -> set[str]:
    """Return what the tracks of later messages are called."""
    return {state.label for said in box.tracks[since:] for state in said.tracks}


def test_a_bundle_takes_over_from_a_further_network(box: ModelBox) -> None:
    """The first network stays what it was; names, prefix and tracks go on; added classes get theirs."""
    box.run(3.0)
    first, before = box.model_id, labels(box, 0)
    names = ("tricycle", "person", "car")
    box.wish("2.0.0", box.pack("2.0.0", 2, network={"labels": names, "class_id": 2}))
    box.run(6.0)
    told = len(box.tracks)
    box.run(1.0)
    running = box.agent.cameras[0].models

    assert box.result == "applied"
    assert running["model.c-1"] == first
    assert running["model.c-1.far"].startswith("red-finder-2.0.0-")
    assert before == labels(box, told) == {"car", "far-car"}


def test_a_bundle_without_a_class_that_is_named_is_refused(box: ModelBox) -> None:
    """The zone counts far-car: what cannot find cars is not swapped in."""
    box.run(1.0)
    box.wish("2.0.0", box.pack("2.0.0", 2, network={"labels": ("person", "dog")}))
    box.run(4.0)

    assert box.result.startswith("refused: ")
    assert "car" in box.result
    assert box.agent.cameras[0].models["model.c-1.far"].startswith("own-")


def test_a_candidate_runs_in_the_shadow_of_a_further_network(box: ModelBox) -> None:
    """It looks at what the further network looks at, is compared with it, and tells nothing."""
    content = box.pack("2.0.0", 9, network={"score": 0.8})
    box.registry.bundles[MODEL, "2.0.0"] = content
    sha256 = hashlib.sha256(content).hexdigest()
    ref = {"version": "2.0.0", "sha256": sha256, "size_bytes": len(content), "share": 1.0}
    box.desire({"candidate": ref})
    box.run(8.0)
    frames = box.agent.counters["shadow_frames"]

    assert 0 < frames <= box.agent.counters["c-1.further_looks"]
    assert box.agent.counters["shadow_matched"] == frames
    assert box.agent.cameras[0].models["model.c-1.far"].startswith("own-")


def test_a_class_that_another_network_tells_already_is_not_told_twice(tmp_path: Path) -> None:
    """Without a prefix an added class of the same name stays silent, and the log says so."""
    write_blob_network(tmp_path / "smoke.onnx", labels=("smoke", "dust"))
    plain = """  detector: {kind: onnx, model: own.onnx, classes: [car]}
  further_models:
  - {id: far, every_s: 0.2, detector: {kind: onnx, model: smoke.onnx, bundle: red-finder}}"""
    with served() as registry, capture_logs() as logs:
        box = ModelBox(tmp_path, registry, drive(60.0), detectors=plain)
        box.run(3.0)
        before = labels(box, 0)
        names = ("smoke", "car")
        box.wish("2.0.0", box.pack("2.0.0", 2, network={"labels": names, "class_id": 1}))
        box.run(8.0)
        after = labels(box, len(box.tracks) - 3)
        states = box.tracks[-1].tracks
        box.agent.close()
    said = [one["classes"] for one in logs if one["event"] == "further_classes_taken"]

    assert box.result == "applied"
    assert (before, after) == ({"car", "smoke"}, {"car"})
    assert len(states) == 1
    assert said == [("car",)]
