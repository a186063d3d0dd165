"""A camera is put into a configuration, and the rest of the file stays as people wrote it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.setup_page.camera_splice import diff, render, with_camera
from runtime.yaml_document import parse_document

CAMERA: dict[str, Any] = {
    "id": "c-2",
    "source": {"file": "new.mp4"},
    "detector": {"kind": "background"},
    "zones": [{"id": "z-1", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}],
}

COMMENTED = """\
# the box at the bridge
box: {district: d, site: s, box: b}  # identity
cameras:
# the old one
- id: c-1
  source: {file: a.mp4}   # a recording
  detector: {kind: background}

# the second
- id: c-2
  source: {file: b.mp4}
  detector: {kind: background}

# sensors of the street
sensors: []
"""


def data_of(text: str) -> Any:
    """Return what a text holds."""
    return parse_document(text, "edge.yaml").data


def test_a_camera_is_replaced_in_its_place() -> None:
    """Only its own lines change; every comment of others stays."""
    after = with_camera(COMMENTED, CAMERA, "edge.yaml")

    assert data_of(after)["cameras"][1] == CAMERA
    assert data_of(after)["cameras"][0] == data_of(COMMENTED)["cameras"][0]
    for comment in ("# the box", "# identity", "# the old one", "# a recording", "# sensors of"):
        assert comment in after
    assert "b.mp4" not in after


def test_comments_above_the_next_camera_stay_with_it() -> None:
    """Replacing the first camera leaves the second one's heading alone."""
    after = with_camera(COMMENTED, {**CAMERA, "id": "c-1"}, "edge.yaml")

    assert "\n# the second\n- id: c-2\n" in after


def test_a_new_camera_comes_after_the_others() -> None:
    """An id that is not there yet is added at the end of the list."""
    after = with_camera(COMMENTED, {**CAMERA, "id": "c-3"}, "edge.yaml")

    assert [one["id"] for one in data_of(after)["cameras"]] == ["c-1", "c-2", "c-3"]
    assert after.startswith(COMMENTED[: COMMENTED.index("# the second")])


@pytest.mark.parametrize(
    "text",
    [
        "box: {a: 1}\n",
        "box: {a: 1}",
        "box: {a: 1}\ncameras: []\nsensors: []\n",
        "box: {a: 1}\ncameras:\nsensors: []\n",
        "cameras: []  # none yet\nbox: {a: 1}\n",
        "cameras:\n  - id: c-1\n    fps: 5\nbox: {a: 1}\n",
        "cameras: [{id: c-1}, {id: c-2}]\nbox: {a: 1}\n",
        "cameras:\n-\n  id: c-1\n-\n  id: c-2\nbox: {a: 1}\n",
        "cameras:\n- id: c-2\n",
        "box: &b {a: 1}\nother: *b\ncameras:\n- {id: c-1}\n",
    ],
    ids=[
        "no list", "no newline", "empty list", "null", "comment", "indented", "flow",
        "dash alone", "only one", "alias",
    ],
)  # fmt: skip
def test_every_way_to_write_the_list_is_understood(text: str) -> None:
    """Whatever the file looks like, it holds afterwards what it held, and the camera."""
    before = data_of(text)
    after = data_of(with_camera(text, CAMERA, "edge.yaml"))
    others = [one for one in before.get("cameras") or () if one["id"] != "c-2"]

    assert [one for one in after["cameras"] if one["id"] != "c-2"] == others
    assert CAMERA in after["cameras"]
    assert {**after, "cameras": None} == {**before, "cameras": None}


words = st.text("abcdef: #-'\"\n中", min_size=1, max_size=12)
values = st.recursive(
    st.integers(-5, 5) | st.booleans() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)


@given(
    cameras=st.lists(st.dictionaries(words, values, max_size=3), max_size=4),
    number=st.integers(0, 4),
    rest=st.dictionaries(words, values, max_size=2),
)
def test_nothing_else_ever_changes(
    cameras: list[dict[str, Any]], number: int, rest: dict[str, Any]
) -> None:
    """For any configuration, the camera is in it afterwards and all else is equal."""
    named = [{**one, "id": f"c-{n}"} for n, one in enumerate(cameras)]
    text = render({**rest, "cameras": named, "after": 1})
    camera = {**CAMERA, "id": f"c-{number}"}
    expected = list(named)
    expected[number : number + 1] = [camera]
    after = data_of(with_camera(text, camera, "edge.yaml"))

    assert after == {**rest, "cameras": expected, "after": 1}


def test_a_diff_shows_what_changes() -> None:
    """Removed and added lines carry their signs."""
    shown = diff("a: 1\nb: 2\n", "a: 1\nb: 3\n", "edge.yaml")

    assert "-b: 2\n" in shown
    assert "+b: 3\n" in shown
    assert diff("a: 1\n", "a: 1\n", "edge.yaml") == ""
