"""What users of other gateways run into, as tests of ours that pass; each names the report.

Where the rule engine alone decides, the test is in ``tests/unit/rules/test_peer_bugs.py``.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from contracts.codec import encode
from contracts.event import Event
from contracts.readings import Readings
from gateway.dedupe import Dedupe
from gateway.errors import SinkUnavailableError
from gateway.rule_host import RuleHost
from runtime.journal import read_journal
from tests.unit.gateway.city import DISTRICT, City, journalled, later, pressed, reading

OLD_BOOT, NEW_BOOT = "0" * 15 + "a", "0" * 15 + "b"
ARRIVAL = (0, 1, 2, 9, 10, 3, 4, 5, 6, 7, 8, *range(11, 45))
"""The order in which readings arrive: a killed box's last ones after its first new ones."""


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a gateway over the in-memory hub."""
    return City(tmp_path)


def _at(index: int) -> datetime:
    return later(10.0 * index)


def _flood(index: int) -> Readings:
    """Return one of the readings, nine of them deep; from the tenth on the box has started anew."""
    old = index < 9
    seq = index if old else index - 9
    depth_m = 0.5 if index < 9 else 0.05
    return reading(seq, _at(index), depth_m, boot=OLD_BOOT if old else NEW_BOOT)


def _reboot(city: City, *, restarts: Sequence[int] = ()) -> None:
    """Let a box be killed whose last readings come after the first ones of its next start."""
    for place, index in enumerate(ARRIVAL):
        while city.clock.now() < _at(place):
            city.step(5.0)
        city.send(_flood(index))
        city.step()
        if place in restarts:
            city.restart()
    for _ in range(80):
        city.step(5.0)


def _told(events: Sequence[Event]) -> list[tuple[object, ...]]:
    return [(e.event_id, e.rev, e.phase, e.level, e.onset_at, e.at, e.ended_at) for e in events]


def test_ekuiper_3270_and_2083_a_sink_that_is_down_at_the_start_gets_everything(
    city: City,
) -> None:
    """Events are kept from the first moment on, over a restart too, and arrive once, in order."""
    wall = [0.0]

    def down(_batch: Sequence[bytes]) -> None:
        raise SinkUnavailableError("connection refused")

    city.api.fault = down
    for seq in range(3):
        city.send(pressed(seq, later(seq), value=seq % 2 == 0))
        city.step(1.0)
    city.restart()
    city.gateway._monotonic = lambda: wall[0]
    city.api.fault = None
    for _ in range(3):
        wall[0] += 60.0
        city.step(1.0)

    assert [phase for _, phase, _ in city.api.names()] == ["open", "end", "open"]


def test_telegraf_17104_a_kill_loses_no_message_of_qos_1(city: City) -> None:
    """What was not journalled was not acknowledged, so the hub has it still; nothing comes twice."""
    for seq in range(20):
        city.send(reading(seq, later(seq)))
        if seq % 3 == 0:
            city.step(1.0)
        if seq % 7 == 0:
            city.restart()
    city.run(3)

    assert journalled(city) == 20


@pytest.mark.parametrize("restarts", [(4,), tuple(range(2, 12))], ids=["once", "always"])
def test_a_restart_in_the_midst_of_late_data_changes_nothing(
    tmp_path: Path, restarts: Sequence[int]
) -> None:
    """The past that late readings are put into is part of the checkpoint."""
    undisturbed = City(tmp_path / "undisturbed")
    killed = City(tmp_path / "killed", checkpoint_every_s=0.001)

    _reboot(undisturbed)
    _reboot(killed, restarts=restarts)

    assert _told(undisturbed.api.events) == _told(killed.api.events)
    assert undisturbed.gateway.host.unjudged["reordered"] == 6


def test_a_killed_boxs_last_readings_are_put_in_their_place(tmp_path: Path) -> None:
    """In the end people have been told what they would have been told in order."""
    disordered, ordered = City(tmp_path / "disordered"), City(tmp_path / "ordered")

    _reboot(disordered)
    for index in range(45):
        while ordered.clock.now() < _at(index):
            ordered.step(5.0)
        ordered.send(_flood(index))
        ordered.step()
    for _ in range(80):
        ordered.step(5.0)
    last, expected = disordered.api.events[-1], ordered.api.events[-1]

    assert (expected.event_id, expected.onset_at, expected.ended_at, expected.phase) == (
        last.event_id,
        last.onset_at,
        last.ended_at,
        last.phase,
    )


def test_a_replay_of_late_data_is_the_live_run_bit_for_bit(city: City) -> None:
    """Revisions too follow from the journal and nothing else."""
    _reboot(city)
    host = RuleHost(Dedupe(), default_district=DISTRICT)
    replayed = [
        encode(event)
        for record in read_journal(city.folder / "state" / "journal")
        for event in host.apply(record).events
    ]

    assert [encode(event) for event in city.api.events] == replayed
    assert city.gateway.host.digest() == host.digest()
