"""HOTA and IDF1: by hand, and against TrackEval."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from cityloop.exam.tracking_score import Moment, overlaps, tracking_score

ROOT = Path(__file__).resolve().parents[3]
ORACLES = ROOT / ".venv-oracles" / "bin" / "python"
BOX = np.array([[0.0, 0.0, 10.0, 10.0]])


def test_the_overlap_of_boxes_is_their_shared_area_over_the_whole() -> None:
    """Half of a box beside itself shares a third."""
    shifted = np.array([[5.0, 0.0, 15.0, 10.0], [30.0, 0.0, 40.0, 10.0]])

    assert overlaps(BOX, shifted)[0].tolist() == pytest.approx([1.0 / 3.0, 0.0])


def test_one_body_followed_all_the_time_is_perfect() -> None:
    """Both figures are 1."""
    found = tracking_score([Moment((7,), (1,), overlaps(BOX, BOX))] * 4)

    assert found is not None
    assert (found.hota, found.idf1, found.boxes) == (1.0, 1.0, 4)


def test_a_track_that_is_lost_halfway_costs_both_figures() -> None:
    """The same body under two numbers: IDF1 is a half; HOTA the root of a half."""
    moments = [Moment((7,), (1,), overlaps(BOX, BOX))] * 2
    moments += [Moment((7,), (2,), overlaps(BOX, BOX))] * 2
    found = tracking_score(moments)

    assert found is not None
    assert found.hota == pytest.approx(0.7071, abs=1e-4)
    assert found.idf1 == 0.5


def test_without_any_body_there_is_no_figure() -> None:
    """Nothing true is no perfect score."""
    assert tracking_score([Moment((), (1,), np.zeros((0, 1)))]) is None


def _walk(seed: int) -> list[tuple[np.ndarray, np.ndarray, list[int], list[int]]]:
    """Return frames of true and tracked boxes with their ids, with misses, ghosts and swaps."""
    rng = np.random.default_rng(seed)
    starts = rng.uniform(0.0, 400.0, (6, 2))
    frames = []
    for index in range(30):
        true = np.column_stack([starts + index * 3.0, starts + index * 3.0 + (40.0, 80.0)])
        kept = rng.random(6) > 0.15
        told = true[kept] + rng.normal(0.0, 6.0, (int(kept.sum()), 4))
        numbers = [
            number + 1 + 10 * (index > 15 and number % 2)
            for number in np.flatnonzero(kept).tolist()
        ]
        if rng.random() < 0.3:
            told = np.vstack([told, [500.0, 300.0, 540.0, 380.0]])
            numbers.append(99)
        frames.append((true, told, list(range(1, 7)), numbers))
    return frames


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_figures_are_trackevals(seed: int, tmp_path: Path) -> None:
    """TrackEval, in its own environment, finds the same HOTA and IDF1."""
    if not ORACLES.exists():
        pytest.skip("no .venv-oracles: run `make oracles`")
    frames = _walk(seed)
    for name, boxes_at, ids_at in (("gt.txt", 0, 2), ("tracks.txt", 1, 3)):
        lines = [
            f"{index + 1},{number},{box[0]:.6f},{box[1]:.6f},{box[2] - box[0]:.6f},"
            f"{box[3] - box[1]:.6f},1,-1,-1,-1"
            for index, frame in enumerate(frames)
            for number, box in zip(frame[ids_at], frame[boxes_at], strict=True)
        ]
        (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    scorer = ROOT / "tests" / "oracles" / "score_tracks.py"
    command = [str(ORACLES), str(scorer), str(tmp_path / "gt.txt"), str(tmp_path / "tracks.txt")]
    run = subprocess.run(
        [*command, "--frames", "30"], capture_output=True, text=True, timeout=120, check=True
    )
    oracle = json.loads(run.stdout.strip().splitlines()[-1])
    ours = tracking_score(
        [Moment(tuple(ids), tuple(told), overlaps(a, b)) for a, b, ids, told in frames]
    )

    assert ours is not None
    assert ours.hota == pytest.approx(oracle["HOTA"], abs=2e-3)
    assert ours.idf1 == pytest.approx(oracle["IDF1"], abs=2e-3)
