"""The car park clip through the command line: vehicles over a line, against a count by eye."""

import json
from pathlib import Path

import av
import pytest
from click.testing import CliRunner

from edge.__main__ import main
from tests.integration.edge_vision.shared_media import media

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).parents[3] / "examples" / "car-park.yaml"

DOWN, UP = 2, 2
"""Counted by eye on contact sheets of every sixth frame. Over the middle of the picture drive: a
white estate up (frames 60 to 105), a light blue saloon down (183 to 255) while a red one drives up
(190 to 235), and a white coupe down (315 to 345). Nothing else moves."""


def test_vehicles_over_the_line_agree_with_a_count_by_eye() -> None:
    """Two down (forward), two up (backward), every one of them a vehicle."""
    clip = media("car-detection.mp4")
    outcome = CliRunner().invoke(
        main,
        ["replay", str(clip), "--detector", "background", "--config", str(CONFIG), "--json"],
    )
    result = json.loads(outcome.output)

    assert outcome.exit_code == 0
    assert result["crossings"] == [
        {
            "line": "gate",
            "forward": DOWN,
            "backward": UP,
            "by_class": {"vehicle": {"forward": DOWN, "backward": UP}},
        }
    ]
    assert result["frames"]["read"] == 377
    assert result["frames"]["inferred"] + result["frames"]["gated"] == 377
    assert result["frames"]["gated"] > 100
    assert {stay["zone"] for stay in result["dwells"]} == {"exit-lane"}
    assert result["fps"] > 12.5


def test_the_annotated_video_shows_the_line_and_the_boxes(tmp_path: Path) -> None:
    """The written video has every frame, at its moment, with the line and a box drawn on it."""
    clip, path = media("car-detection.mp4"), tmp_path / "out.mp4"
    outcome = CliRunner().invoke(
        main,
        ["replay", str(clip), "--config", str(CONFIG), "--json", "--annotate", str(path)],
    )
    with av.open(str(path)) as container:
        frames = [(f.time, f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]
    picture = frames[72][1].astype(int)
    line = picture[216, 500:760]
    yellow = (line[:, 2] > 180) & (line[:, 1] > 150) & (line[:, 0] < 110)
    # the white estate's box in frame 72, in the colour of track 1: its left edge is near x = 260
    red = (picture[170:400, 240:290, 2] > 170) & (picture[170:400, 240:290, 1] < 120)

    assert outcome.exit_code == 0
    assert len(frames) == 377
    assert frames[100][0] == pytest.approx(8.0, abs=0.01)
    assert yellow.mean() > 0.9
    assert red.any(axis=1).mean() > 0.8
