"""A candidate looks at a share of the frames; what it finds is compared and never counted."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.edge_model_store.model_box import MODEL, ModelBox, drive
from tests.integration.edge_model_store.registry_server import served

pytestmark = [pytest.mark.slow]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[ModelBox]:
    """Return a box that watches a red square."""
    with served() as registry:
        made = ModelBox(tmp_path, registry, drive(60.0))
        yield made
        made.agent.close()


def shadow(box: ModelBox, share: float, **network: Any) -> None:
    """Wish for a candidate beside the camera's own file."""
    content = box.pack("2.0.0", 9, network=network)
    box.registry.bundles[MODEL, "2.0.0"] = content
    sha256 = hashlib.sha256(content).hexdigest()
    ref = {"version": "2.0.0", "sha256": sha256, "size_bytes": len(content), "share": share}
    box.desire({"candidate": ref})


def counted(box: ModelBox, name: str) -> int:
    """Return a counter of the shadow."""
    return box.agent.counters[f"shadow_{name}"]


def test_a_candidate_that_sees_the_same_agrees(box: ModelBox) -> None:
    """It looks at its share, and what counts is still the camera's own file."""
    shadow(box, 0.5, score=0.8)
    box.run(8.0)
    frames = counted(box, "frames")

    assert box.result == "applied"
    assert box.model_id.startswith("own-")
    assert 15 <= frames <= 20
    assert (counted(box, "matched"), counted(box, "only_candidate")) == (frames, 0)


def test_a_candidate_that_names_things_otherwise_is_seen(box: ModelBox) -> None:
    """Where the boxes agree and the names do not, it is counted as renamed."""
    shadow(box, 1.0, class_id=1)
    box.run(6.0)

    assert counted(box, "renamed") == counted(box, "frames") > 10
    assert counted(box, "matched") == 0


def test_a_candidate_that_fails_costs_nothing(box: ModelBox) -> None:
    """After three faults in a row it is given up, and the box says so; the camera goes on."""
    made = ModelBox(box.folder / "other", box.registry, drive(30.0, blue_from_s=2.0), prepare=True)
    shadow(made, 1.0, poison=True)
    made.run(6.0)
    tracks = {state.track for said in made.tracks for state in said.tracks}
    made.agent.close()

    assert counted(made, "faults") == 3
    assert "shadow refused" in made.result
    assert tracks == {1}


def test_a_candidate_is_let_go_when_nobody_wishes_for_it(box: ModelBox) -> None:
    """What was counted stays; nothing more is."""
    shadow(box, 1.0)
    box.run(3.0)
    box.desire({})
    box.run(0.4)
    frames = counted(box, "frames")
    box.run(2.0)

    assert frames > 5
    assert counted(box, "frames") == frames
