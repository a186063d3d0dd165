"""What goes out to CVAT or Label Studio comes back as it was."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.review import LabelledBox
from models.learning.cvat_format import from_cvat, to_cvat
from models.learning.errors import ExchangeRefused
from models.learning.label_studio_format import (
    from_label_studio,
    labelling_page,
    to_label_studio,
)
from models.learning.reviewed import Reviewed, file_of
from tests.unit.models_learning.pictures import item

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn", "Co"]),
    min_size=1,
    max_size=20,
).filter(lambda name: name.strip() == name)
INSIDE_OUT = (
    b"<annotations><image name='a.jpg' width='9' height='9'>"
    b"<box label='x' xtl='5' ytl='0' xbr='1' ybr='9'/></image></annotations>"
)
CORNERS = st.tuples(
    st.floats(0.0, 0.89), st.floats(0.0, 0.89), st.floats(0.05, 0.1), st.floats(0.05, 0.1)
)


@st.composite
def labelled(draw: st.DrawFn) -> Reviewed:
    """Draw a picture that a person has labelled."""
    boxes = []
    for left, top, width, height in draw(st.lists(CORNERS, max_size=6)):
        box = (left, top, left + width, top + height)
        boxes.append(LabelledBox(label=draw(NAMES), box_xyxy=box))
    size = draw(st.tuples(st.integers(320, 4096), st.integers(240, 2160)))
    number = draw(st.integers(1, 10**6))
    return Reviewed(item=item(number, size=size), accepted=True, boxes=tuple(boxes))


def alike(first: tuple[LabelledBox, ...], second: tuple[LabelledBox, ...], within: float) -> bool:
    """Return whether boxes have the same names and almost the same corners."""
    return len(first) == len(second) and all(
        one.label == other.label
        and all(abs(a - b) <= within for a, b in zip(one.box_xyxy, other.box_xyxy, strict=True))
        for one, other in zip(first, second, strict=True)
    )


@given(labelled())
def test_a_round_trip_through_cvat(one: Reviewed) -> None:
    """Names and boxes come back, to a hundredth of a pixel."""
    found = from_cvat(to_cvat([one], ["car"]))

    assert list(found) == [file_of(one.item)]
    assert alike(found[file_of(one.item)], one.boxes, 0.01 / 240)


@given(labelled())
def test_a_round_trip_through_label_studio(one: Reviewed) -> None:
    """Names and boxes come back exactly."""
    found = from_label_studio(to_label_studio([one]))

    assert list(found) == [file_of(one.item)]
    assert alike(found[file_of(one.item)], one.boxes, 1e-9)


def test_what_a_network_found_is_no_label_yet() -> None:
    """In Label Studio it is a prediction, which an export does not count."""
    found = LabelledBox(label="car", box_xyxy=(0.1, 0.1, 0.3, 0.3), confidence=0.4)
    tasks = to_label_studio([Reviewed(item=item(1, found))])

    assert json.loads(tasks)[0]["predictions"][0]["result"][0]["score"] == 0.4
    assert from_label_studio(tasks) == {}


def test_the_labelling_page_holds_every_name() -> None:
    """Names with quotes do not break it."""
    assert '<Label value="car"/>' in labelling_page(["car"])
    assert "'a \"b\"'" in labelling_page(['a "b"'])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<annotations><image name='a.jpg'/></annotations>",
        b"<html/>",
        INSIDE_OUT,
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><annotations/>",
    ],
    ids=["empty", "no-size", "other", "inside-out", "entities"],
)
def test_what_is_no_cvat_document_is_refused(content: bytes) -> None:
    """With a word about what is wrong."""
    with pytest.raises(ExchangeRefused, match="CVAT"):
        from_cvat(content)


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[{}]",
        b'[{"data": {"image": "a.jpg"}, "annotations": [{"result": [{"type": "rectanglelabels"}]}]}]',
    ],
    ids=["object", "no-data", "no-value"],
)
def test_what_is_no_label_studio_export_is_refused(content: bytes) -> None:
    """With a word about what is wrong."""
    with pytest.raises(ExchangeRefused, match="Label Studio"):
        from_label_studio(content)
