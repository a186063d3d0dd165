"""A signed model is fetched, tried and swapped between two frames; tracks keep their ids."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.observation import Observation
from contracts.tracks import Tracks
from tests.integration.edge_model_store.model_box import ModelBox, drive
from tests.integration.edge_model_store.registry_server import served

pytestmark = [pytest.mark.slow]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[ModelBox]:
    """Return a box that watches a red square for two minutes."""
    with served() as registry:
        made = ModelBox(tmp_path, registry, drive(120.0, blue_from_s=20.0))
        yield made
        made.agent.close()


def ids(messages: list[Tracks]) -> set[int]:
    """Return the numbers of all tracks."""
    return {state.track for said in messages for state in said.tracks}


def test_a_new_model_takes_over_between_two_frames(box: ModelBox) -> None:
    """It is fetched, tried, swapped and confirmed while one and the same car drives on."""
    box.run(3.0)
    before = box.model_id
    box.wish("1.1.0", box.pack("1.1.0", 2, network={"score": 0.8}))
    box.run(6.0)

    assert before.startswith("own-")
    assert box.model_id.startswith("red-finder-1.1.0-")
    assert box.result == "applied"
    assert ids(box.tracks) == {1}
    assert all(said.tracks for said in box.tracks[1:])
    assert (box.record()["confirmed"], box.record()["floor"]) == (True, 2)


def test_the_box_tells_which_version_runs(box: ModelBox) -> None:
    """Heartbeats carry the bundle's version and the network's id."""
    box.wish("1.1.0", box.pack("1.1.0", 2))
    box.run(5.0)
    box.agent.heartbeat_every(1.0)
    box.run(1.0)

    assert box.version == "1.1.0"
    assert "on probation" in box.results


def test_a_class_that_was_added_gets_a_number_after_the_others(box: ModelBox) -> None:
    """A network with other classes in another order renames nothing that is tracked."""
    box.run(3.0)
    labels = ("tricycle", "person", "car")
    box.wish("2.0.0", box.pack("2.0.0", 2, network={"labels": labels, "class_id": 2}))
    box.run(5.0)
    states = [state for said in box.tracks for state in said.tracks]

    assert box.result == "applied"
    assert {state.label for state in states} == {"car"}
    assert ids(box.tracks) == {1}


def test_a_network_of_another_size_is_swapped_too(box: ModelBox) -> None:
    """The detector's input may change from one version to the next."""
    box.run(2.0)
    box.wish("1.2.0", box.pack("1.2.0", 2, network={"size": 96}))
    box.run(5.0)

    assert box.result == "applied"
    assert ids(box.tracks) == {1}


def test_after_a_restart_the_confirmed_model_runs(box: ModelBox) -> None:
    """What was swapped in lasts; the old file does not come back."""
    box.wish("1.1.0", box.pack("1.1.0", 2))
    box.run(6.0)
    running = box.model_id
    box.cut_power()

    assert box.model_id == running
    assert running.startswith("red-finder-1.1.0-")


def test_observations_name_the_model_that_saw_them(box: ModelBox) -> None:
    """After a swap they carry the new network's id."""
    box.wish("1.1.0", box.pack("1.1.0", 2))
    box.run(16.0)

    assert {said.model for said in box.gateway.of(Observation)} == {box.model_id}
    assert box.model_id.startswith("red-finder-1.1.0-")
