"""A camera whose pictures or whose network are bad: counted there, and the camera beside it goes on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from structlog.testing import capture_logs

from contracts.observation import Observation, Phase
from edge.cameras.frame import Frame
from edge.cameras.scripted_source import ScriptedSource
from edge.errors import InferenceFault
from edge.vision.detections import Detections
from edge.vision.scripted_detector import ScriptedDetector
from tests.integration.edge_agent.in_process import FPS, NAMES, START, InProcess, box_config
from tests.integration.edge_agent.test_bad_input import healthy, with_second

Pixels = NDArray[np.uint8]


class Poisoned(ScriptedDetector):
    """A network that answers NaN to every second frame."""

    def detect(self, frame: Frame) -> Detections:
        """Find nothing, or fail."""
        if frame.index % 2:
            raise InferenceFault(f"frame {frame.index}: the network answered NaN")
        return super().detect(frame)


def box_of(
    folder: Path, pictures: Sequence[Pixels | None], detector: ScriptedDetector | None = None
) -> InProcess:
    """Return a box that has run, whose second camera gives these pictures."""
    source = ScriptedSource("c-2", pictures, epoch=START, fps=FPS)
    looks = detector or ScriptedDetector({}, names=NAMES, model_id="scripted-2")
    config = box_config(with_second("none.mp4", "{kind: onnx, model: none.onnx}"))
    box = InProcess(folder, config=config, others={"c-2": (source, looks)})
    box.agent.start()
    box.run(14.0)
    return box


def grey(height: int, width: int, level: int) -> Pixels:
    """Return a picture of one level, with a pixel that tells it from others."""
    picture = np.full((height, width, 3), level, np.uint8)
    picture[0, 0] = 255 - level
    return picture


def test_sizes_that_change_all_the_time_are_all_looked_at(tmp_path: Path) -> None:
    """One pixel, a line, 8K and back, frame by frame: each begins anew, none breaks anything."""
    sizes = [(1, 1), (200, 320), (1, 999), (4320, 7680), (2, 1), (999, 1), (90, 160)]
    pictures = [grey(*sizes[n % 7], 60 + n) for n in range(21) if n not in {10, 17}]
    box = box_of(tmp_path, pictures)

    assert box.agent.counters["c-2.frames_read"] == len(pictures)
    assert box.agent.counters["c-2.pipeline_faults"] == 0
    assert healthy(box)


def test_a_network_that_answers_nan_costs_its_frames_alone(tmp_path: Path) -> None:
    """Each such frame is counted, the first is named, and the others are looked at."""
    rng = np.random.default_rng(2)
    pictures = [rng.integers(0, 255, (90, 160, 3), np.uint8) for _ in range(50)]
    with capture_logs() as logs:
        box = box_of(tmp_path, pictures, Poisoned({}, names=NAMES, model_id="poisoned-1"))
    counters = box.agent.counters

    assert counters["c-2.inferences_lost"] == pytest.approx(25, abs=2)
    assert counters["c-2.frames_inferred"] >= 45
    assert counters["c-2.pipeline_faults"] == 0
    assert len([one for one in logs if one["event"] == "inference_failed"]) == 1
    assert healthy(box)


def test_a_storm_of_contours_stays_within_its_budgets(tmp_path: Path) -> None:
    """Ten thousand flakes in every frame: no tracks, no regions, and the other camera is on time."""
    pictures = []
    for number in range(40):
        rng = np.random.default_rng(number)
        picture = np.full((360, 640, 3), 60, np.uint8)
        ys, xs = rng.integers(0, 358, 10_000), rng.integers(0, 638, 10_000)
        for dy, dx in ((0, 0), (0, 1), (1, 0), (1, 1)):
            picture[ys + dy, xs + dx] = 230
        pictures.append(picture)
    box = box_of(tmp_path, pictures)

    assert box.agent.counters["c-2.regions_inferred"] == 0
    assert box.agent.counters["c-2.frames_read"] == 40
    assert not [said for said in box.gateway.of(Observation) if said.track and said.camera == "c-2"]
    assert healthy(box)


def test_a_camera_that_comes_and_goes_ends_what_it_began(tmp_path: Path) -> None:
    """Breaks between frames: whatever began on it has its end, once."""
    rng = np.random.default_rng(4)
    pictures: list[Pixels | None] = [
        rng.integers(0, 255, (90, 160, 3), np.uint8) if n % 12 < 8 else None for n in range(60)
    ]
    somebody = Detections(
        np.asarray([[20, 20, 60, 80]], np.float32),
        np.asarray([0.9], np.float32),
        np.asarray([0], np.int32),
        NAMES,
    )
    found = dict.fromkeys(range(60), somebody)
    box = box_of(tmp_path, pictures, ScriptedDetector(found, names=NAMES, model_id="scripted-2"))
    box.agent.close()
    box.gateway.step()
    latest: dict[str, Observation] = {}
    for said in box.gateway.of(Observation):
        if said.camera == "c-2":
            latest[said.observation_id] = said

    assert {Phase.END} >= {said.phase for said in latest.values()}
    assert healthy(box)
