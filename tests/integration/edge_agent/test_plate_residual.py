"""What a mosaic of a vehicle tells somebody who has a list of plates and draws each of them.

Nobody can read 16 blocks, but who knows the script can compare. docs/evidence.md says so; here it is measured.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
from numpy.random import Generator
from numpy.typing import NDArray

from edge.evidence.config import RedactPolicy
from edge.evidence.redaction import redact
from edge.evidence.subject import Plates, Subject
from edge.evidence.view import View
from tests.unit.edge_agent.tracking import view_of

CAR = (140.0, 80.0, 740.0, 480.0)
PLATE = (367, 400, 513, 446)
"""A plate takes a quarter of its car's width: 440 of 1,800 mm."""
SUBJECT = Subject("car", CAR)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
CANDIDATES = 100
TRIALS = 4


def drawn(text: str) -> NDArray[np.float64]:
    """Return a plate, (46, 146)."""
    large = np.full((184, 584), 60, np.uint8)
    for place, letter in enumerate(text):
        at = (35 + 76 * place, 143)
        cv2.putText(large, letter, at, cv2.FONT_HERSHEY_SIMPLEX, 3.8, 255, 12)
    return cv2.resize(large, (146, 46), interpolation=cv2.INTER_AREA).astype(np.float64)


def street(plate: NDArray[np.float64]) -> View:
    """Return a view of a car that bears this plate."""
    picture = np.full((540, 960, 3), 120, np.uint8)
    picture[80:480, 140:740] = 90
    left, top, right, bottom = PLATE
    picture[top:bottom, left:right] = np.clip(plate, 0, 255).astype(np.uint8)[:, :, None]
    return view_of(picture, [CAR])


def seen(text: str, rng: Generator) -> View:
    """Return a camera's view: a little turned, moved, out of focus and noisy, nobody knows how much."""
    angle, scale = rng.uniform(-2, 2), rng.uniform(0.96, 1.04)
    turn = np.asarray(cv2.getRotationMatrix2D((73, 23), angle, scale), np.float64)
    turn[:, 2] += rng.uniform(-2, 2, 2)
    turned = cv2.warpAffine(drawn(text), turn, (146, 46), borderMode=cv2.BORDER_REPLICATE)
    blurred = np.asarray(cv2.GaussianBlur(turned, (0, 0), 1.5), np.float64)
    return street(blurred + rng.normal(0, 12, (46, 146)))


def within(view: View, policy: RedactPolicy, plates: Plates | None) -> NDArray[np.float64]:
    """Return what a redacted picture shows where the plate is, without its mean."""
    left, top, right, bottom = PLATE
    picture = redact(view, policy, SUBJECT, None, plates)[0]
    shown = picture[top:bottom, left:right, 0].astype(np.float64)
    return np.asarray(shown - shown.mean(), np.float64)


def ranks(policy: RedactPolicy, plates: Plates | None = None) -> Sequence[int]:
    """Return how many of the candidates fit each picture better than the plate that it shows."""
    rng = np.random.default_rng(7)
    texts = ["".join(rng.choice(list(LETTERS), 7)) for _ in range(CANDIDATES)]
    models = [within(street(drawn(text)), policy, plates) for text in texts]
    found = []
    for true in range(TRIALS):
        shown = within(seen(texts[true], rng), policy, plates)
        fit = [float((one * shown).sum() / (np.linalg.norm(one) + 1e-9)) for one in models]
        found.append(sum(other >= fit[true] for other in fit) - 1)
    return found


@pytest.mark.slow
def test_a_list_of_plates_can_be_tried_against_a_vehicles_mosaic() -> None:
    """Stated and not hidden: by default the right one of a list mostly comes first."""
    assert sorted(ranks(RedactPolicy.AUTO))[TRIALS // 2] == 0


@pytest.mark.slow
def test_of_a_plate_that_is_found_nothing_is_left_to_compare() -> None:
    """Every candidate fits as well as any other."""
    plates = Plates(np.asarray([PLATE], np.float64), sure=True)

    assert ranks(RedactPolicy.PLATES, plates) == [CANDIDATES - 1] * TRIALS
