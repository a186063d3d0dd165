"""Networks in worker processes."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.vision.onnx_detector import OnnxDetector
from edge.workers.inference_pool import InferencePool
from edge.workers.nursery import Nursery
from edge.workers.orders import ModelOrder
from edge.workers.pooled_detector import Awaited, PooledDetector
from tests.contract.edge_vision.tiny_models import write_model

pytestmark = pytest.mark.slow

_AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def model(folder: Path) -> ModelOrder:
    """Write a network that always finds a cat; return its order."""
    output = np.zeros((1, 84, 7), np.float32)
    output[0, 27] = [0.5, 0.5, 1.0, 1.0, 0.9, 0.1, 0.9]
    path = write_model(folder / "tiny.onnx", output)
    return ModelOrder(path, "auto", ("cat", "dog"), 0.1, 1, "onnxruntime")


def frame() -> Frame:
    """Return a grey picture of 200 x 150 pixels."""
    picture = np.full((150, 200, 3), 100, np.uint8)
    return Frame.from_array(picture, camera="c", index=0, pts_s=0.0, captured_at=_AT)


def settle(pool: InferencePool, done: Callable[[], bool]) -> None:
    """Step the pool until a condition holds, for at most 60 s."""
    deadline_s = time.monotonic() + 60.0
    while not done() and time.monotonic() < deadline_s:
        pool.step()
        time.sleep(0.002)  # the loop of the agent waits as well


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[InferencePool]:
    """Return two started workers that know one good network and one that is none."""
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    orders = [model(tmp_path), ModelOrder(broken, "auto", None, 0.1, 1, "onnxruntime")]
    made = InferencePool(orders, 2, Nursery(), Random(1))
    made.start()
    yield made
    made.close()


def test_workers_find_what_the_network_here_finds(pool: InferencePool, tmp_path: Path) -> None:
    """Whole pictures and regions give the same detections as in the agent's own process."""
    own = OnnxDetector(tmp_path / "tiny.onnx", names=("cat", "dog"))
    pooled = PooledDetector(pool, model(tmp_path))
    regions = np.asarray([[20, 20, 120, 120]], np.float32)
    far, near = pooled.detect_in(frame(), regions), own.detect_in(frame(), regions)

    assert own.model_id == pooled.model_id
    assert own.input_px == pooled.input_px
    np.testing.assert_array_equal(own.detect(frame()).xyxy, pooled.detect(frame()).xyxy)
    np.testing.assert_array_equal(near.found.xyxy, far.found.xyxy)
    np.testing.assert_array_equal(near.cut, far.cut)


def test_a_network_that_cannot_be_loaded_is_its_cameras_trouble(
    pool: InferencePool, tmp_path: Path
) -> None:
    """The other network works; the broken one says what is wrong with which file."""
    broken = ModelOrder(tmp_path / "broken.onnx", "auto", None, 0.1, 1, "onnxruntime")

    with pytest.raises(ModelError, match=r"broken\.onnx"):
        PooledDetector(pool, broken)


def test_questions_of_many_cameras_are_all_answered(pool: InferencePool, tmp_path: Path) -> None:
    """More questions than the workers hold wait their turn."""
    detector = PooledDetector(pool, model(tmp_path))
    awaited = [detector.ask(frame(), None) for _ in range(40)]
    settle(pool, lambda: all(one.done for one in awaited))

    assert all(one.take() is not None for one in awaited)
    assert pool.counters["inferences"] == 40


def test_an_answer_that_nobody_has_taken_is_not_waited_over(
    pool: InferencePool, tmp_path: Path
) -> None:
    """Once it is there, who looks after his questions in turn does not sleep until another answer comes."""
    awaited = PooledDetector(pool, model(tmp_path)).ask(frame(), None)
    deadline_s = time.monotonic() + 60.0
    while not awaited.done and time.monotonic() < deadline_s:
        pool.step()
    started_s = time.monotonic()
    pool.wait(60.0)
    unnoticed_s = time.monotonic() - started_s
    awaited.take()

    assert awaited.done
    assert unnoticed_s < 30.0


def test_an_answer_ends_the_wait(pool: InferencePool, tmp_path: Path) -> None:
    """Who waits for the workers wakes when one has answered, and not before."""
    detector = PooledDetector(pool, model(tmp_path))
    idle = pool.asked
    awaited = detector.ask(frame(), None)
    pool.step()
    asked = pool.asked
    pool.wait(60.0)
    pool.step()
    unnoticed = pool.asked

    assert awaited.take() is not None
    assert (idle, asked, unnoticed, pool.asked) == (False, True, True, False)


def test_a_killed_worker_is_started_again(pool: InferencePool, tmp_path: Path) -> None:
    """Its questions are answered by nobody, and say so; later ones are answered."""
    detector = PooledDetector(pool, model(tmp_path))
    for pid in pool.pids:
        os.kill(pid, signal.SIGKILL)
    lost = [detector.ask(frame(), None) for _ in range(4)]
    settle(pool, lambda: all(one.done for one in lost))
    answered: list[Awaited] = []

    def ask_again() -> bool:
        if not answered or (answered[-1].done and answered[-1].take() is None):
            answered.append(detector.ask(frame(), None))
        return answered[-1].done and answered[-1].take() is not None

    settle(pool, ask_again)

    assert answered[-1].take() is not None
    assert pool.counters["worker_restarts"] >= 2


def test_closing_loses_what_waits_and_leaves_no_process(tmp_path: Path) -> None:
    """Whoever still waits is told that nothing will come."""
    pool = InferencePool([model(tmp_path)], 1, Nursery(), Random(1))
    pool.start()
    pids = pool.pids
    awaited = PooledDetector(pool, model(tmp_path)).ask(frame(), None)
    pool.close()

    assert awaited.done
    assert awaited.take() is None
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
