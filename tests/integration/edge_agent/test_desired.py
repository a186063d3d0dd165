"""Desired configurations on a running box: applied hot, tracks and stays going on; or refused."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from contracts.codec import encode
from contracts.control import Command, CommandName, CommandResult, ConfigDesired, ConfigReported
from contracts.counts import Counts
from contracts.observation import Phase
from contracts.readings import Readings
from contracts.registry import desired_sha256
from contracts.status import Status
from contracts.topics import Kind
from contracts.tracks import Tracks
from edge.config import EdgeConfig
from tests.integration.edge_agent.in_process import START, InProcess, box_config

WIDE = {"id": "door", "kind": "loitering", "polygon": [[0.2, 0], [0.8, 0], [0.8, 1], [0.2, 1]]}
EXIT = {"id": "exit", "kind": "square", "polygon": [[0.6, 0], [1, 0], [1, 1], [0.6, 1]]}


@pytest.fixture
def box(tmp_path: Path) -> InProcess:
    """Return a started box."""
    made = InProcess(tmp_path)
    made.agent.start()
    return made


def desire(box: InProcess, version: int = 1, /, **config: Any) -> ConfigDesired:
    """Send a desired configuration, and let the box answer."""
    desired = ConfigDesired(
        box="b-1", version=version, sha256=desired_sha256(config), config=config
    )
    box.gateway.publish(Kind.CONFIG_DESIRED, encode(desired))
    box.run(0.4)
    return desired


def sections(box: InProcess) -> dict[str, str]:
    """Return the results that the box reported last."""
    return box.gateway.of(ConfigReported)[-1].sections


def test_zones_and_lines_change_while_tracks_go_on(box: InProcess) -> None:
    """The person keeps his track, his stay in the old zone goes on, and the new line counts him."""
    box.run(4.4)
    before = {track.track for said in box.gateway.of(Tracks) for track in said.tracks}
    right = {"id": "right", "from": [0.85, 1], "to": [0.85, 0]}
    desire(box, cameras={"c-1": {"zones": [WIDE, EXIT], "lines": [right]}})
    box.run(9.0)
    after = {track.track for said in box.gateway.of(Tracks) for track in said.tracks}
    door = [said for said in box.gateway.observations("zone_presence") if said.zone == "door"]
    crossed = [said.line for said in box.gateway.observations("line_crossing") if said.rev == 0]

    assert sections(box) == {"cameras.c-1": "applied"}
    assert before == after == {1}
    assert door[-1].phase is Phase.END
    assert door[-1].dwell_s > 4.0
    assert len({said.observation_id for said in door}) == 1
    assert crossed == ["middle", "right"]
    assert {zone.zone for zone in box.gateway.of(Counts)[-1].zones} == {"door", "exit"}


def test_a_zone_that_goes_ends_its_stays(box: InProcess) -> None:
    """Nothing stays open in a zone that is no more."""
    box.run(5.0)
    desire(box, cameras={"c-1": {"zones": []}})
    last = box.gateway.observations("zone_presence")[-1]

    assert (last.zone, last.phase) == ("door", Phase.END)
    assert last.ended_at is not None
    assert last.ended_at < START + timedelta(seconds=6)


def test_rhythms_change_at_once(box: InProcess) -> None:
    """Tracks, heartbeats and readings come as often as is desired."""
    desire(
        box,
        status_every_s=0.5,
        cameras={"c-1": {"tracks_every_s": 0.4}},
        sensors={"w-1": {"every_s": 0.5}},
    )
    box.gateway.messages.clear()
    box.run(4.0)

    assert 6 <= len(box.gateway.of(Status)) <= 8
    assert len(box.gateway.of(Tracks)) >= 6
    assert sum(len(said.records) for said in box.gateway.of(Readings)) >= 7


@pytest.mark.parametrize(
    ("config", "section", "reason"),
    [
        pytest.param(
            {"cameras": {"c-1": {"zones": [{"id": "z", "polygon": [[0, 0], [1, 1]]}]}}},
            "cameras.c-1",
            "refused: ",
            id="a polygon of two corners",
        ),
        pytest.param(
            {"cameras": {"c-1": {"zones": [WIDE | {"classes": ["tram"]}]}}},
            "cameras.c-1",
            "tram",
            id="a class that the detector lacks",
        ),
        pytest.param({"cameras": {"c-9": {}}}, "cameras.c-9", "there is c-1", id="no such camera"),
        pytest.param({"box": {"box": "b-2"}}, "box", "cannot be desired", id="another identity"),
        pytest.param({"status_every_s": -1}, "status_every_s", "refused: ", id="out of range"),
        pytest.param(
            {"cameras": {"c-1": {"source": {"file": "other.mp4"}}}},
            "cameras.c-1",
            "needs restart: source",
            id="another source",
        ),
        pytest.param(
            {"sensors": {"w-1": {"profile": "noise"}}}, "sensors.w-1", "refused: ", id="profile"
        ),
    ],
)
def test_what_cannot_be_applied_says_why(
    box: InProcess, config: dict[str, Any], section: str, reason: str
) -> None:
    """A refused section changes nothing and has a reason; the others are applied."""
    desire(box, update_every_s=2.0, **config)

    assert reason in sections(box)[section]
    assert sections(box)["update_every_s"] == "applied"


def test_a_killed_box_comes_back_with_what_is_desired(tmp_path: Path) -> None:
    """What is desired is on its disk; what needed a restart is in force after it."""
    box = InProcess(tmp_path)
    box.agent.start()
    box.run(1.0)
    desired = desire(box, cameras={"c-1": {"tracks_every_s": 0.4, "tracker": {"lost_s": 9.0}}})
    waited = sections(box)
    box.hub.session("b-1").kill()
    box.agent.outbox.close()
    box.agent = box.boot()
    box.agent.start()
    box.run(1.0)
    reported = box.gateway.of(ConfigReported)[-1]

    assert waited == {"cameras.c-1": "needs restart: tracker"}
    assert reported.sections == {"cameras.c-1": "applied"}
    assert (reported.version, reported.sha256) == (1, desired.sha256)


def test_a_damaged_file_of_desires_is_no_reason_to_stay_away(tmp_path: Path) -> None:
    """The box runs on its own file, and the retained message brings the desire again."""
    (tmp_path / "outbox.db.desired.json").write_text("{half")
    box = InProcess(tmp_path)
    box.agent.start()
    box.run(1.0)

    assert [said.version for said in box.gateway.of(ConfigReported)] == [0]


def test_the_same_again_is_answered_and_changes_nothing(box: InProcess) -> None:
    """A repeated desire is confirmed without being applied twice."""
    desire(box, status_every_s=5.0)
    desire(box, status_every_s=5.0)

    assert len(box.gateway.of(ConfigReported)) == 3
    assert box.agent.counters["configs_applied"] == 1


def test_taking_back_a_desire_restores_the_own_file(box: InProcess) -> None:
    """An empty configuration desires nothing: the box runs as its file says."""
    desire(box, 1, cameras={"c-1": {"zones": []}})
    desire(box, 2)
    box.gateway.messages.clear()
    box.run(12.0)

    assert {zone.zone for said in box.gateway.of(Counts) for zone in said.zones} == {"door"}


def test_reload_reads_the_file_again(tmp_path: Path) -> None:
    """The command applies what changed in the file as far as it goes, and says what does not."""
    box = InProcess(tmp_path)
    text = box_config()
    fresh: list[EdgeConfig] = [msgspec.structs.replace(text, status_every_s=0.4)]
    box.agent._configurator._reload = lambda: fresh[0]
    box.agent.start()
    box.run(0.4)
    results = []
    for number, change in enumerate(({}, {"log_level": "debug"})):
        fresh[0] = msgspec.structs.replace(fresh[0], **change)
        order = Command(
            id=f"r-{number}",
            name=CommandName.RELOAD,
            at=box.clock.now(),
            expires_at=box.clock.now() + timedelta(seconds=60),
        )
        box.gateway.publish(Kind.COMMAND, encode(order))
        box.run(2.0)
        results.append(box.gateway.of(CommandResult)[-1])

    assert [(result.ok, result.detail) for result in results] == [
        (True, ""),
        (False, "needs restart: log_level"),
    ]
    assert len(box.gateway.of(Status)) >= 8


def test_a_priority_of_the_registry_opens_the_urgent_lane(box: InProcess) -> None:
    """From the next reading on a sensor of priority 0 goes before all others, and back again."""
    box.run(3.0)
    desire(box, 1, priorities={"w-1": 0})
    box.run(3.0)
    desire(box, 2, priorities={"w-1": 3})
    box.run(3.0)
    lanes = [said.channel.value for said in box.gateway.of(Readings)]

    assert list(dict.fromkeys(lanes)) == ["readings", "urgent"]
    assert lanes[0] == lanes[-1] == "readings"
    assert lanes.count("urgent") >= 1
