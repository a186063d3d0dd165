"""What is tried on a box, and what is advised after it."""

import pytest

from edge.tune.trial import Advice, Trial, advise, trials


def trial(workers: int, threads: int, per_s: float) -> Trial:
    """Return a trial that reached so many inferences a second."""
    return Trial("onnxruntime", workers, threads, per_s)


@pytest.mark.parametrize(
    ("cores", "ways"),
    [(1, [(1, 1)]), (2, [(1, 1), (1, 2), (2, 1)]), (4, [(1, 1), (1, 4), (2, 1), (4, 1)])],
    ids=["one core", "two", "four"],
)
def test_the_ways_worth_trying(cores: int, ways: list[tuple[int, int]]) -> None:
    """One process with all threads against a process for each core, and half as many."""
    assert [(one.workers, one.threads) for one in trials(cores, ["onnxruntime"])] == ways


def test_every_runtime_is_tried_in_every_way() -> None:
    """Two runtimes on two cores make six trials."""
    assert len(trials(2, ["onnxruntime", "openvino"])) == 6


def test_the_fastest_way_is_advised() -> None:
    """A process for each core, where it is clearly faster."""
    advice = advise([trial(1, 1, 60), trial(1, 2, 92), trial(2, 1, 120)], cameras=4, fps=10.0)

    assert advice == Advice(trial(2, 1, 120), None)


def test_more_processes_must_be_worth_their_memory() -> None:
    """A tie goes to fewer processes."""
    advice = advise([trial(1, 2, 100), trial(2, 1, 103)], cameras=1, fps=10.0)

    assert advice is not None
    assert advice.best.workers == 1


def test_many_cameras_are_told_what_each_can_have() -> None:
    """Seventy of a hundred inferences a second, shared by twenty cameras."""
    advice = advise([trial(1, 1, 100)], cameras=20, fps=10.0)

    assert advice is not None
    assert advice.active_fps == 3.5


def test_nothing_that_ran_is_no_advice() -> None:
    """Faults are told, not advised."""
    assert advise([Trial("openvino", 1, 1, fault="not installed")], cameras=1, fps=10.0) is None
