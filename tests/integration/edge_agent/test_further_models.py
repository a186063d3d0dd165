"""Several models on one camera, from the configuration to what is told."""

from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from contracts.observation import Observation
from contracts.status import Status
from tests.contract.edge_vision.tiny_models import write_model
from tests.integration.edge_agent.in_process import CONFIG, InProcess, box_config

FURTHER = """
  further_models:
  - {id: fire, every_s: 1, detector: DETECTOR}
  zones:
  - {id: all, classes: [smoke], polygon: [[0, 0], [1, 0], [1, 1], [0, 1]], dwell_s: 2}
"""
SMOKE = "{kind: onnx, model: tiny.onnx, names: [smoke, person], classes: [smoke]}"


def write(folder: Path, *, score: float = 0.9) -> None:
    """Write a network that sees its first class in the middle of every picture."""
    output = np.zeros((1, 84, 7), np.float32)
    output[0, 27] = [0.5, 0.5, 1.0, 1.0, score, score, 0.1]
    write_model(folder / "tiny.onnx", output)


def with_further(detector: str) -> str:
    """Return the box's configuration with a further model."""
    return CONFIG.replace("  zones:\n", FURTHER.replace("DETECTOR", detector).lstrip("\n"))


def crossings(box: InProcess) -> list[tuple[object, ...]]:
    """Return what was told about the line."""
    return [
        (said.at, said.direction, said.label, said.track, said.model)
        for said in box.gateway.observations("line_crossing")
    ]


def test_a_further_model_tells_its_own_classes(tmp_path: Path) -> None:
    """Smoke is told with the model that saw it; what the first model tells stays the same."""
    write(tmp_path)
    (tmp_path / "alone").mkdir()
    alone = InProcess(tmp_path / "alone")
    box = InProcess(tmp_path, config=box_config(with_further(SMOKE)))
    for one in (alone, box):
        one.agent.start()
        one.run(14.0)
    told = [said for said in box.gateway.of(Observation) if said.zone == "all"]
    births = box.gateway.of(Status)

    assert {("smoke", "zone_dwell"), ("smoke", "zone_presence")} == {
        (said.label, said.kind.value) for said in told
    }
    assert {True} == {(said.model or "").startswith("tiny-") for said in told}
    assert {said.model for said in told} == {one.model for said in told for one in said.evidence}
    assert crossings(alone) == crossings(box) != []
    assert births[0].versions["model.c-1.fire"].startswith("tiny-")
    # one a second, each up to two frames late, the first when its camera's turn comes
    assert 11 <= box.agent.counters["c-1.further_looks"] <= 14


def test_what_does_not_move_is_looked_at_as_well(tmp_path: Path) -> None:
    """With nothing moving the first model rests; the further one finds its smoke all the same."""
    write(tmp_path)
    rng = np.random.default_rng(3)
    still = rng.integers(90, 130, (200, 320, 3), np.uint8)
    pictures = []
    for number in range(60):
        picture = still.copy()
        picture[0, 0] = number
        pictures.append(picture)
    box = InProcess(tmp_path, config=box_config(with_further(SMOKE)), script=pictures, found={})
    box.agent.start()
    box.run(11.0)
    dwell = [said for said in box.gateway.observations("zone_dwell") if said.zone == "all"]

    assert box.agent.counters["c-1.frames_inferred"] < 15
    assert dwell[0].label == "smoke"
    assert dwell[0].evidence


@pytest.mark.parametrize(
    ("detector", "expected"),
    [
        ("{kind: onnx, model: tiny.onnx, names: [smoke, person]}", "tells person, which another"),
        ("{kind: onnx, model: tiny.onnx, names: [smoke, dust], classes: [fog]}", "names class fog"),
        ("{kind: onnx, model: none.onnx}", r"none\.onnx"),
    ],
    ids=["clash", "unknown class", "missing"],
)
def test_a_further_model_that_does_not_fit_is_named(
    tmp_path: Path, detector: str, expected: str
) -> None:
    """Two models may not tell the same class; the camera says which."""
    write(tmp_path)
    with capture_logs() as logs:
        box = InProcess(tmp_path, config=box_config(with_further(detector)))
        box.agent.start()
    (refused,) = [entry for entry in logs if entry["event"] == "camera_refused"]

    assert expected.replace("\\", "") in refused["reason"]


def test_a_prefix_tells_equal_names_apart(tmp_path: Path) -> None:
    """Both models know persons; the further one's are told under another name."""
    write(tmp_path)
    text = with_further("{kind: onnx, model: tiny.onnx, names: [person, car]}, prefix: site-")
    text = text.replace("classes: [smoke]", "classes: [site-person]")
    box = InProcess(tmp_path, config=box_config(text))
    box.agent.start()
    box.run(6.0)

    assert {"site-person"} == {
        said.label for said in box.gateway.observations("zone_presence") if said.zone == "all"
    }
