"""A whole box on scripted frames over the in-memory hub."""

import hashlib
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from contracts.codec import encode
from contracts.control import Command, CommandName, CommandResult, ConfigDesired, ConfigReported
from contracts.counts import Counts
from contracts.observation import Observation, Phase
from contracts.readings import Readings
from contracts.status import BoxState, Status
from contracts.topics import Kind
from contracts.tracks import Tracks
from tests.integration.edge_agent.in_process import START, InProcess, street


@pytest.fixture
def box(tmp_path: Path) -> InProcess:
    """Return a started box."""
    made = InProcess(tmp_path)
    made.agent.start()
    return made


def test_the_same_frames_give_the_same_messages(tmp_path: Path) -> None:
    """Two runs of one script have one digest, evidence included."""
    digests = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        box = InProcess(tmp_path / name)
        box.agent.start()
        box.run(14.0)
        box.agent.close()
        box.gateway.step()
        digests.append((box.gateway.digest(), sorted(box.store.pictures)))

    assert digests[0] == digests[1]
    assert len(digests[0][1]) >= 1


def test_everything_is_acknowledged_in_the_end(box: InProcess) -> None:
    """What the gateway has leaves the outbox."""
    box.run(14.0)

    assert box.agent.uplink.backlog == 0


def test_a_walk_across_the_line_is_one_crossing(box: InProcess) -> None:
    """The person crosses once, rightwards, with a start and an end of the same observation."""
    box.run(14.0)
    said = box.gateway.observations("line_crossing")

    assert [(s.rev, s.phase) for s in said] == [(0, Phase.START), (1, Phase.END)]
    assert {("middle", "forward", "person", 1)} == {
        (s.line, s.direction, s.label, s.track) for s in said
    }
    assert said[0].model == "scripted-1"


def test_a_stay_is_told_with_its_length(box: InProcess) -> None:
    """Presence and dwell start and end; the stay is as long as the person stood and walked there."""
    box.run(14.0)
    presence = box.gateway.observations("zone_presence")
    dwell = box.gateway.observations("zone_dwell")

    assert [s.phase for s in (presence[0], presence[-1])] == [Phase.START, Phase.END]
    assert [s.phase for s in (dwell[0], dwell[-1])] == [Phase.START, Phase.END]
    # the foot is inside from x = 96 to 224 at 40 px/s, with 4 s of standing: 7.2 s
    assert presence[-1].dwell_s == pytest.approx(7.2, abs=0.4)
    assert presence[-1].ended_at is not None
    assert dwell[0].at - presence[0].started_at == pytest.approx(
        timedelta(seconds=1.5), abs=timedelta(seconds=0.2)
    )


def test_standing_still_is_not_leaving(tmp_path: Path) -> None:
    """The gate rests while nothing moves; the track is held and looked at again, never dropped."""
    pictures, found = street(stands_s=40.0)
    for number, picture in enumerate(pictures):
        # no camera gives the same picture twice to the last bit; one that does is frozen
        picture[0, 0] = number % 256
    box = InProcess(tmp_path, script=pictures, found=found)
    box.agent.start()
    box.run(50.0)
    counters = box.agent.counters
    presence = box.gateway.observations("zone_presence")

    assert counters["c-1.frames_gated"] > 50
    assert counters["c-1.frames_inferred"] >= 40
    assert len({said.observation_id for said in presence}) == 1
    assert presence[-1].dwell_s == pytest.approx(43.2, abs=0.4)


def test_tracks_come_about_once_a_second_and_say_where(box: InProcess) -> None:
    """Live tracks are told at 1 Hz of presentation time, and once more when they are gone."""
    box.run(14.0)
    told = box.gateway.of(Tracks)
    with_dwell = next(message for message in told if message.tracks and message.tracks[0].dwell_s)

    assert 9 <= len(told) <= 13
    assert told[-1].tracks == ()
    assert with_dwell.zone_kinds == {"door": "loitering"}
    assert all(
        later.at - sooner.at >= timedelta(seconds=0.9) for sooner, later in pairwise(told[:-1])
    )


def test_counts_hold_the_crossing_and_the_people(box: InProcess) -> None:
    """Figures of zones and lines come every five seconds of presentation time."""
    box.run(14.0)
    told = box.gateway.of(Counts)

    assert sum(message.lines[0].forward for message in told) == 1
    assert {"person": {"forward": 1, "backward": 0}} in [m.lines[0].by_class for m in told]
    assert max(message.zones[0].people for message in told) == 1
    assert max(message.zones[0].occupied_ratio for message in told) > 0.05


def test_messages_are_dated_by_the_frame(box: InProcess) -> None:
    """What a camera saw is dated when the frame was captured, not when it was sent."""
    box.run(14.0)
    crossing = box.gateway.observations("line_crossing")[0]

    assert (crossing.at - START).total_seconds() * 5 == pytest.approx(
        round((crossing.at - START).total_seconds() * 5), abs=1e-3
    )
    assert crossing.sent_at is not None
    assert crossing.sent_at >= crossing.at


def test_readings_share_the_outbox(box: InProcess) -> None:
    """A simulated sensor's readings arrive beside what the camera tells."""
    box.run(14.0)

    assert [n * 2.0 for n in range(7)] == [
        (message.at - START).total_seconds() for message in box.gateway.of(Readings)
    ]


def test_evidence_is_uploaded_redacted_under_its_hash(box: InProcess) -> None:
    """Every picture an observation names has arrived, is a JPEG, and shows nobody."""
    box.run(14.0)
    named = {e.sha256: e for said in box.gateway.of(Observation) for e in said.evidence}

    assert set(box.store.pictures) == set(named)
    for sha256, evidence in named.items():
        data = box.store.pictures[sha256]
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert hashlib.sha256(data).hexdigest() == sha256
        assert picture is not None
        assert picture.shape == (200, 320, 3)
        assert evidence.redaction is not None
        assert evidence.redaction.areas >= 1
        assert len(data) == evidence.size_bytes


def test_the_birth_tells_whom_the_box_speaks_for(box: InProcess) -> None:
    """The first status is the birth with subjects, models and counters; a goodbye ends it."""
    box.run(1.0)
    box.agent.close()
    box.gateway.step()
    said = box.gateway.of(Status)

    assert [said[0].state, said[-1].state] == [BoxState.BIRTH, BoxState.OFFLINE]
    assert [(birth.subject, birth.profile) for birth in said[0].subjects] == [
        ("c-1", "camera"),
        ("w-1", "water_level"),
    ]
    assert said[0].versions["model.c-1"] == "scripted-1"


def test_a_killed_box_leaves_its_last_will(box: InProcess) -> None:
    """Whoever watches learns that the box is gone."""
    box.run(1.0)
    box.hub.session("b-1")
    box.gateway.step()

    assert box.gateway.of(Status)[-1].state is BoxState.OFFLINE


def test_after_a_crash_the_open_episode_is_ended(tmp_path: Path) -> None:
    """A box that dies with somebody in the zone ends that stay when it is back."""
    box = InProcess(tmp_path)
    box.agent.start()
    box.run(6.0)
    opened = box.gateway.observations("zone_presence")[-1]
    # no goodbye: the process is gone, only its files stay
    box.agent.outbox.close()
    box.seed = 2
    box.source._script = []
    box.agent = box.boot()
    box.agent.start()
    box.run(2.0)
    ended = box.gateway.observations("zone_presence")[-1]

    assert opened.phase is not Phase.END
    assert (opened.observation_id, Phase.END) == (ended.observation_id, ended.phase)
    assert ended.rev > opened.rev
    assert ended.boot_id != opened.boot_id


def order(box: InProcess, name: CommandName, *, camera: str = "c-1", lives_s: float = 60.0) -> None:
    """Send a command to the box."""
    now = box.clock.now()
    command = Command(
        id="cmd-1",
        name=name,
        at=now,
        expires_at=now + timedelta(seconds=lives_s),
        args={"camera": camera},
    )
    box.gateway.publish(Kind.COMMAND, encode(command))


def test_a_snapshot_is_redacted_and_uploaded(box: InProcess) -> None:
    """The answer names a picture that has arrived."""
    box.run(6.0)
    order(box, CommandName.SNAPSHOT)
    box.run(1.0)
    (result,) = box.gateway.of(CommandResult)

    assert result.ok
    assert result.evidence[0].sha256 in box.store.pictures
    assert result.evidence[0].redaction is not None


def test_a_command_that_comes_twice_is_answered_twice_and_done_once(box: InProcess) -> None:
    """The id makes it idempotent: the same answer, the same picture."""
    box.run(6.0)
    order(box, CommandName.SNAPSHOT)
    box.run(1.0)
    order(box, CommandName.SNAPSHOT)
    box.run(1.0)
    first, second = box.gateway.of(CommandResult)

    assert first == second
    assert box.agent.counters["commands_done"] == 1


@pytest.mark.parametrize(
    ("name", "camera", "lives_s", "expected"),
    [
        (CommandName.SNAPSHOT, "c-9", 60.0, "'c-9' is unknown; it has c-1"),
        (CommandName.SNAPSHOT, "c-1", -1.0, "expired at"),
        (CommandName.RELOAD, "c-1", 60.0, "no file to read again"),
    ],
    ids=["unknown camera", "expired", "no file"],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    box: InProcess, name: CommandName, camera: str, lives_s: float, expected: str
) -> None:
    """A refusal is an answer with a reason."""
    box.run(1.0)
    order(box, name, camera=camera, lives_s=lives_s)
    box.run(1.0)
    (result,) = box.gateway.of(CommandResult)

    assert not result.ok
    assert expected in result.detail


def test_a_malformed_command_is_counted_and_harmless(box: InProcess) -> None:
    """Rubbish on the command topic is counted; everything else goes on."""
    box.gateway._session.publish("city/v1/d-1/s-1/b-1/command", b"\xff{")
    box.gateway._session.receive()
    box.agent.step(box.clock.now())

    assert box.agent.counters["commands_malformed"] == 1


def test_a_desired_configuration_is_answered_honestly(box: InProcess) -> None:
    """The box reports its version and hash, and per section why it was not applied."""
    box.run(1.0)
    desired = ConfigDesired(box="b-1", version=7, sha256="0" * 64, config={"cameras": []})
    box.gateway.publish(Kind.CONFIG_DESIRED, encode(desired))
    box.run(1.0)
    reported = box.gateway.of(ConfigReported)

    assert [said.version for said in reported] == [0, 7]
    assert "refused" in reported[1].sections["cameras"]
    assert reported[1].sha256 == desired.sha256 != reported[0].sha256


def test_a_break_in_the_stream_ends_what_was_going_on(tmp_path: Path) -> None:
    """After a discontinuity nothing continues: the stay ends, tracks get new ids."""
    pictures, found = street()
    box = InProcess(tmp_path, script=pictures, found=found)
    read = box.source.read

    def broken(timeout_s: float) -> object:
        frame = read(timeout_s)
        if frame is not None and frame.index == 30:
            return frame.moved(index=30, pts_s=frame.pts_s, discontinuity=True)
        return frame

    box.source.read = broken  # type: ignore[method-assign, assignment]
    box.agent.start()
    box.run(14.0)
    ids = [said.observation_id for said in box.gateway.observations("zone_presence")]

    assert len(set(ids)) == 2
    assert len([s for s in box.gateway.observations("zone_presence") if s.phase is Phase.END]) == 2
