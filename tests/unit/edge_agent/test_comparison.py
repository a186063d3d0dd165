"""Before and after: what was there is gone, or is not, whatever the light does."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from contracts.envelope import EvidenceRole
from edge.evidence.comparison import CHANGED_SHARE, compare, reduced
from edge.evidence.config import RedactPolicy
from edge.evidence.desk import EvidenceDesk
from edge.evidence.spool import Spool
from edge.evidence.subject import Subject
from edge.evidence.vault import Vault
from edge.evidence.verification import Verifier
from tests.unit.edge_agent.tracking import EPOCH, view_of

Luma = NDArray[np.uint8]
CAR = (0.4, 0.45, 0.65, 0.75)


def place(*, car: bool, seed: int = 1, noise: float = 3.0) -> Luma:
    """Return a drawn street of 640 x 360: paving, a wall with windows, perhaps a car; noise of its own."""
    rng = np.random.default_rng(0)
    picture = np.full((360, 640), 110.0)
    picture[180:] += np.kron(rng.integers(-12, 12, (18, 64)), np.ones((10, 10)))
    for x in range(20, 620, 80):
        picture[40:110, x : x + 45] = 60.0
        picture[44:70, x + 4 : x + 41] = 170.0
    if car:
        picture[162:270, 256:416] = 190.0
        picture[175:210, 280:390] = 50.0
        picture[250:275, 270:300] = picture[250:275, 372:402] = 20.0
    picture += np.random.default_rng(seed).normal(0.0, noise, picture.shape)
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def lit(luma: Luma, gain: float, offset: float) -> Luma:
    """Return a picture in another light."""
    return np.asarray(np.clip(luma.astype(float) * gain + offset, 0, 255), np.uint8)


def test_a_car_that_is_gone_is_a_change() -> None:
    """Of its own region most differs; in the region beside it nothing does."""
    before, after = reduced(place(car=True)), reduced(place(car=False, seed=2))
    gone, beside = compare(before, after, CAR), compare(before, after, (0.7, 0.5, 0.95, 0.9))

    assert gone is not None
    assert beside is not None
    assert gone.changed
    assert gone.score > 0.6
    assert gone.confidence > 0.7
    assert not beside.changed


@pytest.mark.parametrize(
    ("gain", "offset"),
    [(1.0, 0.0), (0.6, 0.0), (1.25, 0.0), (1.0, -40.0), (0.5, 60.0)],
    ids=["same", "dusk", "sun", "darker", "haze"],
)
@pytest.mark.parametrize("car", [True, False], ids=["car", "empty"])
def test_the_light_is_no_change(gain: float, offset: float, *, car: bool) -> None:
    """What stays, stays, in any light and with the sensor's noise."""
    before = reduced(place(car=car))
    found = compare(before, reduced(lit(place(car=car, seed=2), gain, offset)), CAR)

    assert found is not None
    assert not found.changed
    assert found.confidence > 0.6


@pytest.mark.parametrize("gain", [0.6, 1.25], ids=["dusk", "sun"])
def test_a_change_is_found_in_another_light(gain: float) -> None:
    """A car that is gone at dusk is gone."""
    found = compare(
        reduced(place(car=True)), reduced(lit(place(car=False, seed=2), gain, 0.0)), CAR
    )

    assert found is not None
    assert found.changed


def test_a_camera_that_trembles_shows_the_same_place() -> None:
    """Eight pixels of 640 to the side are taken out."""
    moved = np.asarray(np.roll(place(car=True, seed=2), (4, 8), (0, 1)), np.uint8)
    found = compare(reduced(place(car=True)), reduced(moved), CAR)

    assert found is not None
    assert not found.changed


def test_a_camera_that_turned_is_not_compared() -> None:
    """A tenth of the picture to the side is another place: no answer is better than a wrong one."""
    moved = np.asarray(np.roll(place(car=True, seed=2), 64, 1), np.uint8)

    assert compare(reduced(place(car=True)), reduced(moved), CAR) is None


def test_pictures_of_other_shapes_are_not_compared() -> None:
    """A camera whose resolution changed shows something else."""
    square = np.asarray(cv2.resize(place(car=True), (360, 360)), np.uint8)

    assert compare(reduced(place(car=True)), reduced(square)) is None


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 1000),
    region=st.tuples(*[st.floats(0.0, 1.0)] * 4),
)
def test_the_answer_is_always_a_share_and_agrees_with_itself(
    seed: int, region: tuple[float, float, float, float]
) -> None:
    """Any region, even an empty or inverted one: a score in 0..1, on the right side of the threshold."""
    found = compare(reduced(place(car=True)), reduced(place(car=False, seed=seed)), region)

    assert found is not None
    assert 0.0 <= found.score <= 1.0
    assert 0.5 <= found.confidence <= 1.0
    assert found.changed == (found.score >= CHANGED_SHARE)


def test_an_after_picture_is_compared_with_the_one_that_left_before(tmp_path: Path) -> None:
    """The matter's own box is looked at, and the answer names both pictures."""
    desk = EvidenceDesk(Spool(tmp_path, 10_000_000))
    pictures = [
        np.repeat(place(car=car, seed=n)[..., None], 3, 2) for n, car in enumerate((True, False))
    ]
    box = (CAR[0] * 640, CAR[1] * 360, CAR[2] * 640, CAR[3] * 360)
    before = desk.picture(view_of(pictures[0], index=0), RedactPolicy.AUTO, Subject("car", box))
    assert before is not None
    after_view = view_of(pictures[1], index=1)
    found = Verifier(desk).verify(after_view, RedactPolicy.AUTO, EPOCH, before=before.sha256)
    unknown = Verifier(desk).verify(after_view, RedactPolicy.AUTO, EPOCH, before="ab" * 32)

    assert found.evidence is not None
    assert found.evidence.role is EvidenceRole.AFTER
    assert found.comparison is not None
    assert found.comparison.changed
    assert (found.comparison.before, found.comparison.after) == (
        before.sha256,
        found.evidence.sha256,
    )
    assert unknown.comparison is None
    assert unknown.evidence is not None
    assert "ab" * 32 in unknown.reason


def test_an_original_serves_where_memory_has_forgotten_and_masks_are_no_change(
    tmp_path: Path,
) -> None:
    """After a restart the encrypted original is compared; what is masked is masked in both."""
    vault = Vault(tmp_path / "o", bytes(32), ttl=timedelta(days=1), budget_bytes=10_000_000)
    spool = Spool(tmp_path / "s", 10_000_000)
    left_half = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    views = [
        replace(view_of(np.repeat(place(car=True, seed=n)[..., None], 3, 2)), masks=(left_half,))
        for n in (1, 2)
    ]
    before = EvidenceDesk(spool, vault).picture(views[0], RedactPolicy.AUTO)
    assert before is not None
    restarted = Verifier(EvidenceDesk(spool, vault), vault)
    found = restarted.verify(views[1], RedactPolicy.AUTO, EPOCH, before=before.sha256)

    assert found.comparison is not None
    assert not found.comparison.changed
    assert found.comparison.score < 0.05
