"""Scenes of cameras: what is desired of them, how far it has come, and pictures on order."""

from typing import Any

import pytest

from cloud_api.cameras.scene import delivery_of, desired_scene, with_scene
from cloud_api.cameras.snapshots import SnapshotDesk
from cloud_api.errors import HubUnavailable
from contracts.codec import decode_message, encode
from contracts.control import Command, CommandResult
from contracts.envelope import Evidence
from contracts.registry import BoxEntry, BoxReport, DesiredConfig
from runtime.memory_hub import MemoryHub
from tests.contract.cloud_api.events import START

BOX = BoxEntry(box="b-1", district="d", site="s")
ZONE = {"id": "lane", "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]}
OTHER = {"status_every_s": 5, "cameras": {"c-1": {"fps": 5}, "c-2": {"zones": []}}}


def desired(config: dict[str, Any], sha256: str = "a" * 64) -> DesiredConfig:
    """Return a desired configuration of the box."""
    return DesiredConfig(box="b-1", district="d", site="s", version=3, sha256=sha256, config=config)


def report(said: str | None, sha256: str = "a" * 64) -> BoxReport:
    """Return what a gateway tells of the box."""
    sections = {} if said is None else {"cameras.c-1": said}
    return BoxReport(
        box="b-1", district="d", site="s", online=True, config_sha256=sha256, sections=sections
    )


def test_a_scene_leaves_everything_else_of_the_box_as_it_was() -> None:
    """Other cameras, other fields of the camera, and fields of the box stay."""
    config = with_scene(OTHER, "c-1", {"zones": [ZONE], "colour": "red"})

    assert config == {
        "status_every_s": 5,
        "cameras": {"c-1": {"fps": 5, "zones": [ZONE]}, "c-2": {"zones": []}},
    }
    assert OTHER["cameras"] == {"c-1": {"fps": 5}, "c-2": {"zones": []}}


def test_only_parts_that_are_drawn_are_a_scene() -> None:
    """Frame rates are none; what is not desired is not there."""
    assert desired_scene(desired(with_scene(OTHER, "c-1", {"zones": [ZONE]})), "c-1") == {
        "zones": [ZONE]
    }
    assert desired_scene(None, "c-1") == {}


@pytest.mark.parametrize(
    ("config", "told", "expected"),
    [
        pytest.param(None, report(None), ("own", ""), id="nothing is desired"),
        pytest.param({"status_every_s": 5}, report(None), ("own", ""), id="not of this camera"),
        pytest.param(OTHER, None, ("pending", ""), id="no gateway has spoken"),
        pytest.param(
            OTHER, report("applied", "b" * 64), ("pending", ""), id="another version runs"
        ),
        pytest.param(OTHER, report("applied"), ("applied", ""), id="applied"),
        pytest.param(
            OTHER, report("refused: crosses itself"), ("refused", "crosses itself"), id="refused"
        ),
        pytest.param(
            OTHER, report("needs restart: source"), ("needs_restart", "source"), id="restart"
        ),
    ],
)
def test_delivery_says_how_far_a_scene_has_come(
    config: dict[str, Any] | None, told: BoxReport | None, expected: tuple[str, str]
) -> None:
    """The box's own word counts, and only about the very version that is desired."""
    wanted = None if config is None else desired(config)

    assert expected == tuple(delivery_of(wanted, told, "c-1"))


def test_a_picture_is_ordered_and_its_answer_remembered() -> None:
    """The box hears one command; its answer belongs to that order and camera alone."""
    hub = MemoryHub()
    api, box = hub.session("api"), hub.session("b-1")
    desk = SnapshotDesk(api)
    api.start()
    box.subscribe("city/v1/d/s/b-1/command")
    box.start()
    order = desk.order(BOX, "c-1", START)
    command = decode_message(box.receive()[0].payload)
    assert isinstance(command, Command)
    seen = Evidence(
        sha256="c" * 64, media_type="image/jpeg", size_bytes=9, captured_at=START, redaction=None
    )
    answer = CommandResult(id=command.id, box="b-1", at=START, ok=True, evidence=(seen,))
    box.publish("city/v1/d/s/b-1/command/result", encode(answer))
    box.publish("city/v1/d/s/b-1/command/result", b"no message")
    taken = desk.step(START)

    assert (taken, desk.step(START)) == (2, 0)
    assert (command.id, command.args) == (order, {"camera": "c-1"})
    assert desk.result("c-1", order) == answer
    assert desk.result("c-2", order) is None
    picture = desk.picture("c-1")
    assert picture is not None
    assert picture.sha256 == "c" * 64


def test_answers_to_orders_of_others_are_left_alone() -> None:
    """A gateway orders of devices too; their answers come on the same topics."""
    hub = MemoryHub()
    api, box = hub.session("api"), hub.session("b-1")
    desk = SnapshotDesk(api)
    api.start()
    box.start()
    answer = CommandResult(id="siren-1", box="b-1", at=START, ok=True)
    box.publish("city/v1/d/s/b-1/command/result", encode(answer))

    assert desk.step(START) == 1
    assert desk.result("c-1", "siren-1") is None


def test_without_a_hub_nobody_can_be_told() -> None:
    """Whoever orders hears so at once."""
    hub = MemoryHub()
    away = hub.session("api")

    with pytest.raises(HubUnavailable, match="no hub is configured"):
        SnapshotDesk(None).order(BOX, "c-1", START)
    with pytest.raises(HubUnavailable, match="not connected"):
        SnapshotDesk(away).order(BOX, "c-1", START)
