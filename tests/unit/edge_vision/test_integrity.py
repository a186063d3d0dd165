"""Whether a camera still shows what it should."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.vision.integrity import CameraIntegrity, Flaw, FlawChange

Grey = NDArray[np.uint8]


def _street(seed: int = 3) -> Grey:
    """Return a made-up street: blocks, windows, a road."""
    rng = np.random.default_rng(seed)
    picture = np.full((360, 640), 120, np.uint8)
    for _ in range(60):
        x, y = int(rng.integers(0, 600)), int(rng.integers(0, 330))
        w, h = int(rng.integers(10, 80)), int(rng.integers(10, 60))
        picture[y : y + h, x : x + w] = int(rng.integers(20, 235))
    return picture


STREET = _street()


def _noisy(picture: Grey, frame: int, *, gain: float = 1.0) -> Grey:
    rng = np.random.default_rng(frame)
    return np.clip(picture * gain + rng.normal(0.0, 2.0, picture.shape), 0, 255).astype(np.uint8)


def _run(pictures: list[Grey]) -> list[FlawChange]:
    watch = CameraIntegrity()
    return [
        change for at, picture in enumerate(pictures) for change in watch.update(picture, float(at))
    ]


def _moved(picture: Grey, dx: int) -> Grey:
    return np.roll(picture, dx, axis=1)


GOOD = [_noisy(STREET, frame) for frame in range(20)]
BAD: dict[Flaw, list[Grey]] = {
    Flaw.FROZEN: [GOOD[-1]] * 40,
    Flaw.COVERED: [_noisy(np.full((360, 640), 30, np.uint8), 100 + frame) for frame in range(40)],
    Flaw.DEFOCUSED: [
        _noisy(np.asarray(cv2.GaussianBlur(STREET, (0, 0), 9), np.uint8), 100 + f)
        for f in range(40)
    ],
    Flaw.SHIFTED: [_noisy(_moved(STREET, 90), 100 + frame) for frame in range(40)],
}


@pytest.mark.parametrize("flaw", list(Flaw))
def test_each_flaw_is_told_and_taken_back(flaw: Flaw) -> None:
    """After its time it is told, with its name; when the picture is good again it is over."""
    after = [_noisy(STREET, 500 + frame) for frame in range(20)]
    changes = _run([*GOOD, *BAD[flaw], *after])
    told = [(change.flaw, change.began) for change in changes]

    assert told == [(flaw, True), (flaw, False)]
    assert changes[0].since_s == pytest.approx(20.0, abs=1.0)
    assert changes[0].until_s - changes[0].since_s == (30.0 if flaw is Flaw.FROZEN else 10.0)


def test_a_street_by_day_and_by_dusk_has_no_flaw() -> None:
    """Noise, passing lorries and fading light are no flaw."""
    pictures = []
    for frame in range(200):
        picture = _noisy(STREET, frame, gain=1.0 - 0.003 * frame)
        left = 5 * frame % 500
        picture[150:300, left : left + 120] = 40
        pictures.append(picture)

    assert _run(pictures) == []


def test_a_hand_that_passes_is_no_flaw() -> None:
    """Five seconds of nothing are not told."""
    assert (
        _run([*GOOD, *BAD[Flaw.COVERED][:5], *[_noisy(STREET, 300 + f) for f in range(20)]]) == []
    )
