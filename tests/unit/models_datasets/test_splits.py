"""No scene is in two parts."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.datasets.errors import SplitImpossible
from models.datasets.picture import Picture
from models.datasets.splits import split_by_camera, split_by_time

SHARES = {"train": 0.7, "val": 0.15, "test": 0.15}


def _picture(camera: str, at_s: float | None, file: str) -> Picture:
    return Picture(
        sha256=file, suffix=".jpg", width=64, height=48, camera=camera, scene=camera, at_s=at_s
    )


MANY = st.lists(
    st.builds(
        _picture,
        st.sampled_from([f"c{number}" for number in range(8)]),
        st.integers(0, 6000).map(lambda tenths: tenths / 10),
        st.text("ab", min_size=5, max_size=9),
    ),
    max_size=60,
)


@given(MANY, st.integers(0, 2**32))
def test_a_camera_is_in_one_part(pictures: list[Picture], seed: int) -> None:
    """Whatever the cameras, each is wholly in one part, and so is each file; every part has some."""
    try:
        found = split_by_camera(pictures, SHARES, np.random.default_rng(seed))
    except SplitImpossible:
        assert len({one.camera for one in pictures}) < 3 or _tied(pictures) < 3
        return
    parts = defaultdict(set)
    for one in found:
        parts[one.camera].add(one.split)
        parts[one.sha256].add(one.split)

    assert all(len(one) == 1 for one in parts.values())
    assert {"train", "val", "test"} == {one.split for one in found}
    assert len(pictures) == len(found)


@given(MANY, st.integers(0, 2**32))
def test_parts_are_apart_in_time(pictures: list[Picture], seed: int) -> None:
    """Two pictures of one scene in different parts are at least the gap apart."""
    try:
        found = split_by_time(
            pictures, SHARES, np.random.default_rng(seed), stretch_s=60.0, gap_s=5.0
        )
    except SplitImpossible:
        return
    for one in found:
        for other in found:
            if one.scene == other.scene and one.split != other.split:
                assert one.at_s is not None
                assert other.at_s is not None
                assert abs(one.at_s - other.at_s) >= 5.0 - 1e-9


def _tied(pictures: list[Picture]) -> int:
    """Return how many groups of cameras share no file with another group."""
    groups = [{one.camera} for one in pictures]
    files = [{one.sha256} for one in pictures]
    for first in range(len(groups)):
        for second in range(first):
            if groups[first] & groups[second] or files[first] & files[second]:
                groups[first] |= groups[second]
                files[first] |= files[second]
                groups[second], files[second] = set(), set()
    return sum(bool(one) for one in groups)


def test_shares_are_kept() -> None:
    """With many equal cameras the parts are as large as asked for."""
    pictures = [_picture(f"c{n // 4}", None, f"{n}") for n in range(400)]

    found = split_by_camera(pictures, SHARES, np.random.default_rng(1))

    counts = {part: sum(one.split == part for one in found) for part in SHARES}
    assert counts["train"] == pytest.approx(280, abs=4)
    assert counts["val"] == pytest.approx(60, abs=4)


def test_equal_seeds_split_equally() -> None:
    """The split depends on the seed alone."""
    pictures = [_picture(f"c{n}", None, f"{n}") for n in range(30)]

    one, again, other = (
        split_by_camera(pictures, SHARES, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )

    assert one == again
    assert one != other


def test_pictures_without_a_second_stay_together() -> None:
    """Without times a whole scene is one stretch."""
    pictures = [_picture(f"c{n % 4}", None, f"{n}") for n in range(20)]

    found = split_by_time(pictures, SHARES, np.random.default_rng(1))

    assert all(len({one.split for one in found if one.camera == f"c{n}"}) == 1 for n in range(4))


def test_too_few_cameras_are_refused() -> None:
    """One camera cannot be in two parts: the message says what to do."""
    with pytest.raises(SplitImpossible, match="1 cameras cannot be split into train, val, test"):
        split_by_camera([_picture("c", None, "a")], SHARES, np.random.default_rng(1))


def test_a_part_of_share_nothing_stays_empty() -> None:
    """Asking for no test part needs two cameras only."""
    pictures = [_picture(f"c{n}", None, f"{n}") for n in range(2)]

    found = split_by_camera(pictures, {"train": 0.5, "val": 0.5}, np.random.default_rng(1))

    assert {"train", "val"} == {one.split for one in found}
