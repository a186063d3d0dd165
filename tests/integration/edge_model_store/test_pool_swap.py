"""Networks that are exchanged in the inference workers while frames are looked at."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import numpy as np
import pytest

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.model_store.swapping_detector import SwappingPooledDetector
from edge.vision.detections import Detections
from edge.vision.ports import Awaited
from edge.workers.inference_pool import InferencePool
from edge.workers.nursery import Nursery
from edge.workers.orders import ModelOrder
from edge.workers.pooled_detector import PooledDetector
from tests.blob_network import red_square, write_blob_network

pytestmark = pytest.mark.slow

_AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def order(folder: Path, name: str, **network: object) -> ModelOrder:
    """Write a network that finds red squares; return its order."""
    path = write_blob_network(folder / f"{name}.onnx", **network)  # type: ignore[arg-type]
    return ModelOrder(path, "auto", None, 0.1, 1, "onnxruntime")


def frame(number: int = 0, *, blue: bool = False) -> Frame:
    """Return a picture of a red square."""
    picture = red_square(20 + number, 60, blue=blue)
    return Frame.from_array(picture, camera="c", index=number, pts_s=0.0, captured_at=_AT)


def settle(pool: InferencePool, done: Callable[[], bool]) -> None:
    """Step the pool until a condition holds, for at most 60 s."""
    deadline_s = time.monotonic() + 60.0
    while not done() and time.monotonic() < deadline_s:
        pool.step()
        time.sleep(0.002)  # the loop of the agent waits as well
    assert done()


def answer(pool: InferencePool, awaited: Awaited) -> Detections:
    """Return what comes of a question."""
    settle(pool, lambda: awaited.done)
    found = awaited.take()
    assert isinstance(found, Detections)
    return found


@pytest.fixture(scope="module")
def nursery() -> Nursery:
    """Return where workers come from, once for all tests."""
    return Nursery()


@pytest.fixture
def pool(tmp_path: Path, nursery: Nursery) -> Iterator[InferencePool]:
    """Return two started workers with one network."""
    made = InferencePool([order(tmp_path, "old")], 2, nursery, Random(1))
    made.start()
    yield made
    made.close()


def test_frames_are_answered_all_the_while(pool: InferencePool, tmp_path: Path) -> None:
    """The old network answers until the new one has been loaded beside it; nothing is lost."""
    old, new = order(tmp_path, "old"), order(tmp_path, "new", score=0.7, size=96)
    faults: list[str] = []
    detector = SwappingPooledDetector(PooledDetector(pool, old), faults.append)
    former = set(pool.pids)
    pool.offer(new)
    scores = []
    while pool.loads(new):
        found = answer(pool, detector.ask(frame(), None))
        scores.append(round(float(found.confidence[0]), 2))
    detector.swap(PooledDetector(pool, new))
    detector.settle()
    pool.withdraw(old)
    for _ in range(10):
        found = answer(pool, detector.ask(frame(), None))
        scores.append(round(float(found.confidence[0]), 2))
    settle(pool, lambda: not former & set(pool.pids) and len(pool.pids) == 2)

    assert set(scores) == {0.9, 0.7}
    assert sorted(scores, reverse=True) == scores
    assert (faults, pool.counters["inferences_lost"]) == ([], 0)
    assert round(float(answer(pool, detector.ask(frame(), None)).confidence[0]), 2) == 0.7
    with pytest.raises(ModelError, match="withdrawn"):
        pool.facts(order(tmp_path, "old"))


def test_a_network_that_cannot_be_loaded_disturbs_nobody(
    pool: InferencePool, tmp_path: Path
) -> None:
    """It says why, and the old one goes on."""
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    bad = ModelOrder(broken, "auto", None, 0.1, 1, "onnxruntime")
    pool.offer(bad)
    settle(pool, lambda: not pool.loads(bad))

    with pytest.raises(ModelError, match="not a usable ONNX file"):
        PooledDetector(pool, bad)
    old = PooledDetector(pool, order(tmp_path, "old"))
    assert len(answer(pool, old.ask(frame(), None))) == 1


def test_the_frame_on_which_a_network_fails_is_looked_at_by_the_one_before(
    pool: InferencePool, tmp_path: Path
) -> None:
    """NaN from a worker costs no frame while the network before is still here."""
    bad = order(tmp_path, "bad", poison=True)
    faults: list[str] = []
    detector = SwappingPooledDetector(PooledDetector(pool, order(tmp_path, "old")), faults.append)
    pool.offer(bad)
    settle(pool, lambda: not pool.loads(bad))
    detector.swap(PooledDetector(pool, bad))
    fine = answer(pool, detector.ask(frame(), None))
    saved = answer(pool, detector.ask(frame(1, blue=True), None))

    assert (len(fine), len(saved)) == (1, 1)
    assert detector.model_id.startswith("old-")
    assert len(faults) == 1
    assert "NaN" in faults[0]
    np.testing.assert_array_less(fine.xyxy[0, 0], saved.xyxy[0, 0] + 2.0)
