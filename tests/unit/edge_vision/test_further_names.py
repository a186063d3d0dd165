"""What a further network's classes are called on a camera."""

import pytest

from edge.further_names import Naming, Told


@pytest.mark.parametrize(
    ("naming", "taken", "told"),
    [
        (Naming("a"), set(), Told(("smoke", "car"), (True, True), ())),
        (Naming("a", "far-"), {"car"}, Told(("far-smoke", "far-car"), (True, True), ())),
        (Naming("a"), {"car"}, Told(("smoke", "a:car"), (True, False), ("car",))),
        (
            Naming("a", "", frozenset({"smoke"})),
            {"car"},
            Told(("smoke", "a:car"), (True, False), ()),
        ),
        (
            Naming("a", "far-"),
            {"far-car"},
            Told(("far-smoke", "a:car"), (True, False), ("far-car",)),
        ),
    ],
    ids=["free", "prefix", "taken", "not wanted", "prefix taken"],
)
def test_no_class_has_two_networks(naming: Naming, taken: set[str], told: Told) -> None:
    """What is not wanted, or another's, gets a name that nobody else has, and is not told."""
    assert naming.tell(("smoke", "car"), taken) == told
