"""How large things are where they are."""

from pathlib import Path

import numpy as np
import pytest

from edge.attention.size_grid import SizeGrid

NEAR = np.array([[0.4, 0.5, 0.6, 0.95]])
FAR = np.array([[0.48, 0.1, 0.52, 0.2]])


def taught() -> SizeGrid:
    """Return a grid that has seen things below and things far above."""
    grid = SizeGrid()
    for _ in range(10):
        grid.learn(NEAR)
        grid.learn(FAR)
    return grid


def test_sizes_are_known_where_things_were_seen() -> None:
    """Things below are large, things above are small, and the corner is unknown."""
    corner = np.array([[0.0, 0.0, 0.01, 0.01]])

    assert np.concatenate((NEAR, FAR, corner)).shape == (3, 4)
    assert pytest.approx(taught().spans(np.concatenate((NEAR, FAR, corner)))) == [0.45, 0.1, 0.0]
    assert taught().learnt == 2


def test_few_things_prove_nothing() -> None:
    """Four objects are no rule."""
    grid = SizeGrid()
    grid.learn(np.repeat(NEAR, 4, axis=0))

    assert grid.spans(NEAR).tolist() == [0.0]


def test_a_grid_survives_a_restart(tmp_path: Path) -> None:
    """What was saved is what is loaded, and the file is written whole."""
    grid = taught()
    grid.save(tmp_path / "c-1.json")

    assert SizeGrid.load(tmp_path / "c-1.json").spans(NEAR) == pytest.approx(grid.spans(NEAR))
    assert not grid.changed
    assert [path.name for path in tmp_path.iterdir()] == ["c-1.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"mean": [1], "seen": [1]}', '{"mean": null, "seen": 3}'],
    ids=["empty", "cut off", "a list", "another shape", "no numbers"],
)  # fmt: skip
def test_a_damaged_grid_is_learnt_anew(tmp_path: Path, text: str) -> None:
    """A file that cannot be read is no reason to stop a camera."""
    path = tmp_path / "c-1.json"
    path.write_text(text)

    assert SizeGrid.load(path).learnt == 0


def test_a_new_view_is_followed() -> None:
    """Old sizes fade: after some hundred smaller things the smaller size holds."""
    grid = taught()
    for _ in range(800):
        grid.learn(np.array([[0.45, 0.75, 0.55, 0.95]]))

    assert grid.spans(NEAR)[0] < 0.22
