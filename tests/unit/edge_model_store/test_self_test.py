"""The golden picture tells a model that sees from one that does not."""

import pytest

from edge.model_store.self_test import golden_faults
from runtime.bundles.manifest import ExpectedBox, Golden, Part

CAR = ExpectedBox(label="car", confidence=0.9, box_xyxy=(0.2, 0.2, 0.4, 0.4))
PERSON = ExpectedBox(label="person", confidence=0.6, box_xyxy=(0.6, 0.2, 0.7, 0.6))
GOLDEN = Golden(picture=Part(size_bytes=1, sha256="0" * 64), boxes=(CAR, PERSON))


def box(label: str, confidence: float, corners: tuple[float, float, float, float]) -> ExpectedBox:
    """Return something that was seen."""
    return ExpectedBox(label=label, confidence=confidence, box_xyxy=corners)


def test_the_same_again_is_fine() -> None:
    """Nothing is wrong with what was expected."""
    assert golden_faults(GOLDEN, [PERSON, CAR], 0.45) == ()


@pytest.mark.parametrize(
    ("seen", "fault"),
    [
        ([PERSON], "car at 0.30, 0.30 is not found"),
        ([PERSON, box("car", 0.9, (0.35, 0.35, 0.6, 0.6))], "car at 0.30, 0.30 is not found"),
        ([PERSON, box("truck", 0.9, CAR.box_xyxy)], "car at 0.30, 0.30 is not found"),
        ([PERSON, box("car", 0.5, CAR.box_xyxy)], "has confidence 0.50, expected 0.90"),
        (
            [PERSON, CAR, *(box("car", 0.9, (0.0, y, 0.05, y + 0.05)) for y in (0.7, 0.8))],
            "2 things are found that are not there",
        ),
    ],
    ids=["missing", "elsewhere", "other-class", "unsure", "imagined"],
)
def test_what_differs_is_named(seen: list[ExpectedBox], fault: str) -> None:
    """Each way to be wrong has its own words."""
    assert any(fault in said for said in golden_faults(GOLDEN, seen, 0.45))


def test_rounding_is_no_fault() -> None:
    """Another processor sees almost the same, and perhaps one weak box more."""
    seen = [box("car", 0.84, (0.21, 0.2, 0.4, 0.41)), PERSON, box("car", 0.2, (0.8, 0.8, 0.9, 0.9))]

    assert golden_faults(GOLDEN, seen, 0.45) == ()
