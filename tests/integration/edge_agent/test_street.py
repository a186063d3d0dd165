"""The street clip through the command line: passers-by over a line, against the clip's truth."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from edge.__main__ import main
from tests.integration.edge_vision.shared_media import media, model

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "examples" / "street.yaml"
LINE_X, BAND_PX = 0.6 * 640, 0.02 * 480


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Return what the command prints, and the tracks it writes."""
    tracks = tmp_path_factory.mktemp("street") / "tracks.txt"
    clip, onnx = media("TUD-Stadtmitte.mp4"), model("yolox_nano_coco.onnx")
    outcome = CliRunner().invoke(
        main,
        [
            "replay",
            str(clip),
            "--model",
            str(onnx),
            "--config",
            str(CONFIG),
            "--json",
            "--mot",
            str(tracks),
        ],
    )
    assert outcome.exit_code == 0, outcome.output
    return json.loads(outcome.output), tracks


def true_crossings() -> tuple[int, int]:
    """Return how many people of the truth cross the line to the right and to the left."""
    sides: dict[int, int] = {}
    right = left = 0
    rows = [line.split(",") for line in media("TUD-Stadtmitte-gt.txt").read_text().splitlines()]
    for _, person, x in sorted(
        (int(row[0]), int(row[1]), float(row[2]) + float(row[4]) / 2.0) for row in rows
    ):
        if abs(x - LINE_X) < BAND_PX:
            continue
        side = 1 if x > LINE_X else -1
        before = sides.get(person, side)
        right += before < side
        left += before > side
        sides[person] = side
    return right, left


def test_crossings_agree_with_the_truth(replayed: tuple[dict[str, Any], Path]) -> None:
    """Over a line drawn upwards, forward is to the right: one walks right, two walk left."""
    (line,) = replayed[0]["crossings"]

    assert true_crossings() == (1, 2)
    assert (line["forward"], line["backward"]) == (1, 2)
    assert line["by_class"] == {"person": {"forward": 1, "backward": 2}}


def test_the_one_who_stands_all_the_time_is_seen_to_stand(
    replayed: tuple[dict[str, Any], Path],
) -> None:
    """Person 3 of the truth stands in front of the shop for the whole clip of 7 s."""
    longest = max(stay["dwell_s"] for stay in replayed[0]["dwells"])

    assert longest == pytest.approx(7.1, abs=0.7)


def test_every_frame_is_read_and_looked_at(replayed: tuple[dict[str, Any], Path]) -> None:
    """In a busy street nothing is gated."""
    frames = replayed[0]["frames"]

    assert frames == {"read": 179, "inferred": 179, "gated": 0, "thinned": 0}


def test_the_written_tracks_score_against_the_truth(
    replayed: tuple[dict[str, Any], Path],
) -> None:
    """HOTA, MOTA and IDF1 of the MOTChallenge text stay above floors well below what is measured."""
    oracle = ROOT / ".venv-oracles" / "bin" / "python"
    if not oracle.is_file():
        pytest.skip("the tracking oracle is not installed: make oracles")
    scored = subprocess.run(
        [
            oracle,
            ROOT / "tests" / "oracles" / "score_tracks.py",
            media("TUD-Stadtmitte-gt.txt"),
            replayed[1],
            "--frames",
            "179",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    scores = json.loads(scored.stdout.splitlines()[-1])

    assert scores["HOTA"] >= 0.50, scores
    assert scores["MOTA"] >= 0.70, scores
    assert scores["IDF1"] >= 0.65, scores
