"""More of what is rare on the same streets, and smoke that is labelled as far as it can be seen."""

from collections import Counter
from typing import Any

import numpy as np
import pytest

from runtime.picture_options import EMPHASES
from simulators.scene.emphasis import Emphasis
from simulators.scene.seen_smoke import seen_smoke
from simulators.scene.shots import Shot, draw_shots

SIZE = (160, 96)
KINDS = {
    Emphasis.SMOKE: "smoke",
    Emphasis.FALLING_OBJECT: "falling_object",
    Emphasis.LORRY: "truck_bus",
    Emphasis.CROWD: "person",
}


def _counts(shots: list[Shot]) -> Counter[str]:
    return Counter(label.name for shot in shots for label in shot.labels)


@pytest.fixture(scope="module")
def plain() -> list[Shot]:
    """Forty small pictures of twenty streets as they are."""
    return list(draw_shots(6, 40, size=SIZE, per_scene=2))


def test_the_option_names_what_the_simulator_knows() -> None:
    """Words of the command line and kinds of the simulator are the same."""
    assert tuple(Emphasis) == EMPHASES


@pytest.mark.parametrize("kind", Emphasis)
def test_more_of_one_kind_and_the_street_stays(plain: list[Shot], kind: Emphasis) -> None:
    """There is much more of what is asked for, and everything that was there is still there."""
    more = list(draw_shots(6, 40, size=SIZE, per_scene=2, emphasis=[kind]))

    assert _counts(more)[KINDS[kind]] > 1.5 * _counts(plain)[KINDS[kind]]
    for before, after in zip(plain, more, strict=True):
        assert {one.track for one in before.labels} <= {one.track for one in after.labels}
        assert (before.scene, before.light) == (after.scene, after.light)


def test_equal_draws_are_equal() -> None:
    """The same arguments give the same pictures, also with emphasis."""
    first, second = (
        list(draw_shots(8, 4, size=SIZE, per_scene=2, emphasis=list(Emphasis))) for _ in range(2)
    )

    assert all((a.picture == b.picture).all() for a, b in zip(first, second, strict=True))
    assert [one.labels for one in first] == [one.labels for one in second]


def _smoked(core: int, halo: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return a grey picture, and the same brighter by ``halo`` in a wide, by ``core`` in a small square."""
    clear = np.full((100, 100, 3), 90, np.uint8)
    smoked = clear.copy()
    smoked[10:90, 10:90] += np.uint8(halo)
    smoked[40:70, 30:60] = 90 + core
    return clear, smoked


def test_a_faint_rim_is_not_in_the_box() -> None:
    """The box goes around what differs from what lies behind it, not around every puff."""
    found = seen_smoke(*_smoked(40, 2), noise=2.0)

    assert found is not None
    box, area = found
    assert box == pytest.approx((30, 40, 60, 70), abs=4)
    assert area == pytest.approx(900, rel=0.5)  # what is smoothed grows by three pixels


def test_noise_hides_smoke() -> None:
    """What is seen by day is not seen in a noisy night."""
    assert seen_smoke(*_smoked(9, 0), noise=2.0) is not None
    assert seen_smoke(*_smoked(9, 0), noise=9.0) is None


def test_faint_smoke_is_not_asked_for() -> None:
    """Of smoke in pictures some is too faint: it is labelled and does not count."""
    shots = list(draw_shots(6, 40, size=(320, 180), per_scene=2, emphasis=[Emphasis.SMOKE]))
    smoke = [one for shot in shots for one in shot.labels if one.name == "smoke"]
    faint = [one for one in smoke if one.visible == 0.0]

    assert 0 < len(faint) < 0.5 * len(smoke)
    assert not any(one.counts for one in faint)
