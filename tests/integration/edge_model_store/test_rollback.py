"""A model that fails where it runs gives way to the one before, by itself; a power cut changes nothing."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.edge_model_store.model_box import ModelBox, drive
from tests.integration.edge_model_store.registry_server import served

pytestmark = [pytest.mark.slow]

BLUE_FROM_S = 6.0
"""From then on there is something blue in the picture, to which a poisoned network answers NaN."""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[ModelBox]:
    """Return a box whose camera sees something blue after a while."""
    with served() as registry:
        made = ModelBox(tmp_path, registry, drive(60.0, blue_from_s=BLUE_FROM_S))
        yield made
        made.agent.close()


def poisoned(box: ModelBox, version: str = "1.1.0", counter: int = 6) -> bytes:
    """Return a bundle that passes its self-test and answers NaN to whatever is blue."""
    return box.pack(version, counter, network={"poison": True})


def tracked(box: ModelBox) -> set[int]:
    """Return the numbers of all tracks."""
    return {state.track for said in box.tracks for state in said.tracks}


def test_a_model_that_answers_nan_on_probation_is_rolled_back_at_once(box: ModelBox) -> None:
    """The very frame on which it fails is looked at by the model before: tracks have no gap."""
    box.run(5.0)
    box.wish("1.1.0", poisoned(box))
    box.run(4.0)

    assert "on probation" in box.results
    assert box.result.startswith("refused: rolled back: ")
    assert "not finite (NaN)" in box.result
    assert box.model_id.startswith("own-")
    assert tracked(box) == {1}
    assert all(said.tracks for said in box.tracks[1:])


def test_a_confirmed_model_that_fails_gives_way_to_the_one_before(box: ModelBox) -> None:
    """The one before is loaded from disk; tracks are held meanwhile."""
    box.wish("1.0.0", box.pack("1.0.0", 5))
    box.run(3.0)
    box.wish("1.1.0", poisoned(box))
    box.run(2.8)
    confirmed = box.result
    box.run(4.0)

    assert confirmed == "applied"
    assert box.model_id.startswith("red-finder-1.0.0-")
    assert "NaN" in box.result
    assert tracked(box) == {1}


def test_what_was_rolled_back_is_not_tried_again(box: ModelBox) -> None:
    """Not in this run, and not in the next one."""
    box.run(5.0)
    box.wish("1.1.0", poisoned(box))
    box.run(4.0)
    swapped = box.agent.counters["models_swapped"]
    box.cut_power()
    box.run(3.0)

    assert swapped == 1
    assert box.agent.counters["models_swapped"] == 0
    assert box.model_id.startswith("own-")
    assert box.result.startswith("refused: rolled back: ")


def test_a_box_that_dies_again_and_again_on_probation_goes_back(box: ModelBox) -> None:
    """A model that kills the box is given up after a few starts."""
    box.wish("1.1.0", box.pack("1.1.0", 6))
    box.run(1.0)
    on_probation = box.model_id
    for _ in range(4):
        box.cut_power()

    assert on_probation.startswith("red-finder-1.1.0-")
    assert box.model_id.startswith("own-")
    box.run(1.0)
    assert "the box started 4 times while it was tried" in box.result


def moments(box: ModelBox) -> list[Path]:
    """Return a copy of the model folder after every round of a swap, as power cuts would leave it."""
    box.wish("1.1.0", box.pack("1.1.0", 6))
    found = []
    for number in range(24):
        box.run(0.2)
        models = box.folder / "models"
        if models.exists():
            found.append(shutil.copytree(models, box.folder / f"cut-{number}"))
    return found


def test_a_power_cut_in_the_middle_of_a_swap_leaves_one_model_or_the_other(box: ModelBox) -> None:
    """From every state that the disk was in, the box starts with a model that looks."""
    cuts = moments(box)
    started = set()
    for cut in cuts[:: max(1, len(cuts) // 8)]:
        shutil.rmtree(box.folder / "models")
        shutil.copytree(cut, box.folder / "models")
        box.cut_power()
        box.run(0.6)
        started.add(box.model_id.rsplit("-", 1)[0])

        assert tracked(box), cut

    assert started <= {"own", "red-finder-1.1.0"}
    assert "red-finder-1.1.0" in started


@pytest.mark.parametrize("kept", [0, 3000], ids=str)
def test_torn_files_are_not_believed(box: ModelBox, kept: int) -> None:
    """A bundle that a power cut has shortened is fetched again; the camera's own file looks meanwhile."""
    box.wish("1.1.0", box.pack("1.1.0", 6))
    box.run(5.0)
    bundle = next((box.folder / "models" / "bundles").glob("*.clmodel"))
    content = bundle.read_bytes()
    bundle.write_bytes(content[:kept])
    box.cut_power()

    assert box.model_id.startswith("own-")
    box.run(1.0)
    assert tracked(box)
