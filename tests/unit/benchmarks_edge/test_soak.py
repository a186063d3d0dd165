"""What a long run says of memory."""

import pytest

from benchmarks.edge.soak import judged


def samples(run: int, *megabytes: float) -> list[dict[str, float]]:
    """Return samples of one run, 15 s apart, with 100 frames between two."""
    return [
        {"run": run, "run_s": 15.0 * (n + 1), "pss_mb": mb, "frames": 100.0 * (n + 1)}
        for n, mb in enumerate(megabytes)
    ]


def test_memory_that_grows_is_seen() -> None:
    """Start, middle and end of forty samples, without the first four."""
    told = judged(samples(1, *[100.0 + n for n in range(40)]))

    assert told["soak_start_mb"] == pytest.approx(105.5)
    assert told["soak_middle_mb"] == pytest.approx(121.5)
    assert told["soak_end_mb"] == pytest.approx(137.5)


def test_runs_that_were_broken_off_count_for_the_time_the_longest_for_memory() -> None:
    """Every run is a box of its own: their memories are not compared."""
    told = judged(samples(1, *[50.0] * 5) + samples(2, *[90.0] * 20))

    assert (told["soak_s"], told["soak_longest_s"], told["soak_frames"]) == (375.0, 300.0, 2500.0)
    assert (told["soak_start_mb"], told["soak_end_mb"]) == (90.0, 90.0)


@pytest.mark.parametrize("count", [1, 2, 3], ids=str)
def test_a_short_run_is_judged_too(count: int) -> None:
    """Few samples give few figures, and no fault."""
    assert judged(samples(1, *[70.0] * count))["soak_middle_mb"] == 70.0


def test_no_run_says_so() -> None:
    """An empty file has no memory to tell of."""
    assert judged([]) == {"soak_s": 0.0}
