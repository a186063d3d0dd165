"""What a process takes upon itself that has others work for it."""

from collections.abc import Iterator

import cv2
import pytest

from edge.workers.nursery import Nursery


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Give OpenCV its threads back after each test."""
    before = cv2.getNumThreads()
    yield
    cv2.setNumThreads(before)


def test_opencv_takes_no_core_from_the_workers() -> None:
    """Small pictures are not shared with a thread that would take a core from a worker."""
    cv2.setNumThreads(4)
    Nursery()

    assert cv2.getNumThreads() == 1
