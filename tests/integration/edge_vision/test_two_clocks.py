"""The two clocks of attention on real clips: what is seen with them, and without."""

from pathlib import Path

import pytest

from edge.camera_config import (
    Anchor,
    BackgroundConfig,
    CameraConfig,
    DetectorConfig,
    GateConfig,
    LineConfig,
    OnnxConfig,
)
from edge.perception_build import build_perception
from edge.replay import Replay
from edge.source_config import SourceConfig
from tests.integration.edge_vision.shared_media import media, model

pytestmark = pytest.mark.slow

CAR_PARK = LineConfig(id="middle", start=(0, 0.5), end=(1, 0.5), anchor=Anchor.CENTRE)
STREET = LineConfig(id="post", start=(0.58, 1), end=(0.58, 0), anchor=Anchor.CENTRE)


def replay(
    clip: Path, detector: DetectorConfig, line: LineConfig, gate: GateConfig
) -> tuple[dict[str, int], dict[str, int]]:
    """Return the crossings of a line, and the counters."""
    camera = CameraConfig(
        id="c-1", source=SourceConfig(file="-"), detector=detector, gate=gate, lines=(line,)
    )
    perception = build_perception(camera, Path("/"))
    result = Replay(clip, camera, perception).run()
    return result.totals(line.id), perception.counters


def test_the_car_park_is_counted_with_a_quarter_of_the_looks() -> None:
    """Two cars down, two up, whether every frame is looked at or few."""
    clip = media("car-detection.mp4")
    every, _ = replay(clip, BackgroundConfig(), CAR_PARK, GateConfig(enabled=False))
    few, counters = replay(clip, BackgroundConfig(), CAR_PARK, GateConfig(active_fps=5.0))

    assert {"forward": 2, "backward": 2} == every == few
    assert counters["frames_inferred"] < 0.25 * counters["frames_read"]


def test_the_street_is_counted_with_two_fifths_of_the_looks() -> None:
    """One to the right and two to the left, at ten looks a second instead of twenty-five."""
    clip, network = media("TUD-Stadtmitte.mp4"), model("yolox_nano_coco.onnx")
    detector = OnnxConfig(model=str(network), classes=("person",))
    few, counters = replay(clip, detector, STREET, GateConfig(active_fps=10.0))

    assert few == {"forward": 1, "backward": 2}
    assert counters["frames_inferred"] <= 0.42 * counters["frames_read"]


def test_regions_see_the_cars_that_the_whole_picture_sees() -> None:
    """With a network the same cars cross, though half of the looks are at parts of the picture."""
    clip, network = media("car-detection.mp4"), model("yolox_nano_coco.onnx")
    found, counters = replay(clip, OnnxConfig(model=str(network)), CAR_PARK, GateConfig())

    assert found == {"forward": 2, "backward": 2}
    assert counters["frames_divided"] > 50
    assert counters["frames_inferred"] < 0.6 * counters["frames_read"]
