"""The gateway over the in-memory hub: intake, journal, rules, delivery, recovery."""

import itertools
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from contracts.ack import Ack
from contracts.codec import encode
from contracts.control import Control, ControlAction
from contracts.event import Event
from contracts.status import BoxState
from contracts.topics import Kind, district_topic
from gateway.dead_letter import dead_letter_topic
from gateway.dedupe import Dedupe
from gateway.errors import EventRefusedError, PacksError, SinkUnavailableError
from gateway.event_outbox import EventOutbox
from gateway.metrics import METRICS, render
from gateway.ports import TelemetryQuery
from gateway.rejections import DeadLetterCopy
from gateway.rule_host import RuleHost
from runtime.errors import JournalFull
from runtime.journal import JournalKind, read_journal
from tests.unit.gateway.city import (
    DISTRICT,
    GATES,
    PACK,
    START,
    City,
    acks,
    birth,
    dropped,
    later,
    pressed,
    reading,
    topic,
)


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a gateway over the in-memory hub."""
    return City(tmp_path)


def test_urgent_message_overtakes_every_message_that_waits_before_it(city: City) -> None:
    """A flood of several batches does not delay an alarm by more than one step."""
    for seq in range(3_500):
        city.send(reading(seq, START))
    city.send(pressed(0, START))
    city.step()
    first = city.api.names()
    held = city.gateway.worker.held
    for _ in range(3):
        city.step()

    assert first == [("alarm", "open", "red")]
    assert held == 2_501
    assert city.gateway.worker.held == 0
    assert _messages(city) == 3_501


def _through(city: City) -> dict[str, int]:
    """Return the last ack per channel."""
    found = [msgspec.json.decode(m.payload, type=Ack) for m in acks(city.box)]
    return {ack.channel.value: ack.through_seq for ack in found}


def _answers(city: City) -> list[tuple[int, bool]]:
    """Return how far each ack goes and whether it asks for what follows."""
    found = [msgspec.json.decode(m.payload, type=Ack) for m in acks(city.box)]
    return [(ack.through_seq, ack.resend) for ack in found]


def test_ponding_becomes_one_event_with_its_cause(city: City) -> None:
    """Readings above the red step for its delay make one red event that names what decided."""
    city.send(birth(START))
    city.flood(7)

    (event,) = city.api.events
    assert (event.rule, event.level.value, event.rev) == ("waterlogging", "red", 0)
    assert event.onset_at == START
    assert event.at == later(60)
    assert event.district == DISTRICT
    assert event.cause.values == {"depth_m": 0.5}


def test_event_is_published_in_its_district(city: City) -> None:
    """Local sirens hear of an event on the hub."""
    siren = city.hub.session("siren")
    siren.start()
    siren.subscribe(district_topic(DISTRICT, Kind.EVENTS))
    city.send(pressed(0, START))
    city.step()

    (heard,) = acks(siren)
    assert msgspec.json.decode(heard.payload, type=Event) == city.api.events[0]


def test_box_is_told_how_far_its_streams_are_journalled(city: City) -> None:
    """Acks are cumulative, per channel, and stop before a gap."""
    city.box.subscribe(topic(Kind.ACK))
    for seq in (0, 1, 3):
        city.send(reading(seq, START))
    city.send(pressed(0, START))
    city.step()

    assert _through(city) == {"readings": 1, "urgent": 0}


def test_reading_behind_a_gap_is_asked_for_again(city: City) -> None:
    """A sensor's values are taken in order: what overtook a lost one is not journalled yet."""
    city.box.subscribe(topic(Kind.ACK))
    for seq in (0, 2):
        city.send(reading(seq, START))
    city.step()

    assert _answers(city) == [(0, True)]
    assert _messages(city) == 1


def test_gap_at_the_very_beginning_is_asked_for(city: City) -> None:
    """Where nothing of a lane has arrived yet, the box is told so by -1."""
    city.box.subscribe(topic(Kind.ACK))
    city.send(reading(3, START))
    city.step()

    assert _answers(city) == [(-1, True)]


def test_urgent_message_never_waits_for_one_before_it(city: City) -> None:
    """绿色通道: an alarm behind a gap is journalled at once; only its acknowledgement waits."""
    city.box.subscribe(topic(Kind.ACK))
    city.send(pressed(4, START))
    city.step()

    assert _messages(city) == 1


def test_resent_duplicate_is_acknowledged_again_and_not_journalled(city: City) -> None:
    """A box that missed an ack gets it again; the journal holds the message once."""
    city.box.subscribe(topic(Kind.ACK))
    for _ in range(3):
        city.send(reading(0, START, resent=True))
        city.step()

    assert len(acks(city.box)) == 3
    assert _messages(city) == 1


def _messages(city: City) -> int:
    records = read_journal(city.folder / "state" / "journal")
    return sum(record.kind is JournalKind.MESSAGE for record in records)


def test_confessed_gap_is_filled(city: City) -> None:
    """A dropped message stands for its whole range."""
    city.box.subscribe(topic(Kind.ACK))
    city.send(dropped(0, 4, START))
    city.send(reading(5, START))
    city.step()

    assert _through(city) == {"readings": 5}
    assert city.gateway.worker.intake.counters["given_up_by_boxes"] == 5


def test_urgent_message_is_judged_before_readings_of_the_same_batch(city: City) -> None:
    """绿色通道: what has priority does not wait behind a flood that arrived with it."""
    for seq in range(50):
        city.send(reading(seq, START))
    city.send(pressed(0, START))
    city.step()
    kinds = [r.topic for r in read_journal(city.folder / "state" / "journal") if r.topic]

    assert kinds[0] == topic(Kind.URGENT)
    assert len(kinds) == 51


def test_nothing_is_let_go_before_the_journal_has_it(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the journal cannot be written, neither hub nor box is told; then all goes on."""
    city.box.subscribe(topic(Kind.ACK))
    journal = city.gateway.worker._journal
    append = journal.append

    def full(_entries: object) -> int:
        raise JournalFull("no room")

    monkeypatch.setattr(journal, "append", full)
    city.send(reading(0, START))
    with capture_logs() as logs:
        city.step(1.0)
        city.step(1.0)
    silent = acks(city.box)
    health = city.gateway.health()[1]
    held = len(city.hub._sessions["gateway"]._unacknowledged)
    monkeypatch.setattr(journal, "append", append)
    city.step(1.0)

    assert silent == []
    assert held == 1
    assert [log["event"] for log in logs] == ["journal_append_failed"]
    assert (health["status"], health["store_unwritable"]) == ("degraded", True)
    assert city.gateway.health()[1]["status"] == "ok"
    assert _through(city) == {"readings": 0}
    assert _messages(city) == 1
    assert city.gateway.worker.counters["journal_failures"] == 2


def test_events_wait_in_memory_while_the_outbox_cannot_be_written(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk under the event outbox stops intake and loses nothing."""
    database = city.gateway.outbox._db
    wall = itertools.count(0.0, 60.0)
    city.gateway._monotonic = lambda: next(wall)

    class Full:
        in_transaction = False
        total_changes = 0

        def execute(self, *_: object) -> object:
            raise sqlite3.OperationalError("database or disk is full")

    city.box.subscribe(topic(Kind.ACK))
    city.send(pressed(0, START))
    monkeypatch.setattr(city.gateway.outbox, "_db", Full())
    city.step(1.0)
    city.step(1.0)
    silent = acks(city.box)
    monkeypatch.setattr(city.gateway.outbox, "_db", database)
    city.step(1.0)
    city.step(1.0)

    assert silent == []
    assert _through(city) == {"urgent": 0}
    assert city.api.names() == [("alarm", "open", "red")]


def test_two_ticks_never_share_a_second(city: City) -> None:
    """The journal holds one tick per second of the clock, however often it steps."""
    for _ in range(10):
        city.step(0.25)
    ticks = [
        r.arrived_at_us
        for r in read_journal(city.folder / "state" / "journal")
        if r.kind is JournalKind.TICK
    ]

    assert ticks == [round(later(s).timestamp() * 1e6) for s in range(3)]


def test_clock_two_hours_ahead_moves_nobody_else(city: City) -> None:
    """Its readings count at their arrival, flagged; the timers of others stand where they were."""
    city.send(reading(0, START, depth_m=0.5))
    city.send(reading(0, later(7200), depth_m=0.5, subject="water-2", box="box-2"))
    city.step()
    early = city.api.names()
    for second in range(1, 8):
        city.step(10.0)
        city.send(reading(second, city.clock.now(), depth_m=0.5))
        skewed = later(7200 + 10 * second)
        city.send(reading(second, skewed, depth_m=0.5, subject="water-2", box="box-2"))
        city.step()
    flags = {event.subject: event.cause.flags for event in city.api.events}

    assert early == []
    assert city.gateway.host.maker.skewed == {"box-2": 8}
    assert [event.subject for event in city.api.events] == ["water-1", "water-2"]
    assert [(e.onset_at, e.at) for e in city.api.events] == [(START, later(60))] * 2
    assert flags["water-1"] == ()


@pytest.mark.parametrize(
    ("payload", "where", "reason"),
    [
        (b"{", topic(), "malformed"),
        (b"x" * 300_000, topic(), "oversized"),
        (encode(reading(0, START)), topic(box="box-2"), "identity_mismatch"),
    ],
    ids=["malformed", "oversized", "lying topic"],
)
def test_poison_is_kept_published_logged_and_does_not_block(
    city: City, payload: bytes, where: str, reason: str
) -> None:
    """One dead letter, one copy on the hub, one log line; the message after it is handled."""
    ear = city.hub.session("ear")
    ear.start()
    ear.subscribe(dead_letter_topic("gateway"), qos=0)
    with capture_logs() as logs:
        for _ in range(5):
            city.send(payload, where)
        city.send(pressed(0, START))
        city.step()
    copies = [msgspec.json.decode(m.payload, type=DeadLetterCopy) for m in acks(ear)]
    (letter, *_) = letters = city.gateway.worker.rejections._store.newest()

    assert len(letters) == len(copies) == 5
    assert (letter.reason, letter.topic, letter.size_bytes) == (reason, where, len(payload))
    assert payload.startswith(letter.head)
    assert [log["reason"] for log in logs if log["event"] == "message_rejected"] == [reason]
    assert city.api.names() == [("alarm", "open", "red")]
    assert city.hub._sessions["gateway"]._unacknowledged == {}


def test_flood_of_poison_is_bounded(city: City) -> None:
    """More rejections than a second may keep are counted, not stored."""
    for _ in range(500):
        city.send(b"{")
    city.step()

    assert len(city.gateway.worker.rejections._store.newest(1_000)) == 100
    assert city.gateway.worker.rejections.counters["letters_not_kept"] == 400


def test_unavailable_api_delays_events_and_loses_none(city: City) -> None:
    """Events wait in the outbox until the API answers, and arrive once."""
    wall = [0.0]
    city.gateway._monotonic = lambda: wall[0]

    def down(_batch: Sequence[bytes]) -> None:
        raise SinkUnavailableError("connection refused")

    city.api.fault = down
    city.send(pressed(0, START))
    city.step()
    waiting = city.gateway.outbox.pending
    city.api.fault = None
    wall[0] += 60.0
    city.step(1.0)
    city.step(1.0)

    assert waiting == 1
    assert city.api.names() == [("alarm", "open", "red")]


def test_refused_event_becomes_a_dead_letter_and_spares_its_neighbours(city: City) -> None:
    """One event that the API will never take does not hold back the others of its batch."""

    def picky(batch: Sequence[bytes]) -> None:
        if any(b'"button-1"' in body for body in batch):
            raise EventRefusedError("422: no", 422)

    city.api.fault = picky
    city.flood(6)
    city.send(pressed(0, city.clock.now()))
    city.flood(2, first_seq=6)

    assert city.api.names() == [("waterlogging", "open", "red")]
    assert [row.reason for row in city.gateway.outbox.dead()] == ["422: no"]
    assert city.gateway.outbox.pending == 0


def test_changed_pack_is_put_in_force_and_a_bad_one_keeps_the_running(city: City) -> None:
    """A broken edit is refused with line and column; the rules go on."""
    city.step(1.0)
    city.pack_file.write_text(PACK.replace("depth_m >= 40 cm", "depth_m >= 40 kPa"))
    with capture_logs() as logs:
        city.step(1.0)
    refused = [log["error"] for log in logs if log["event"] == "packs_refused"]
    city.flood(7)
    city.pack_file.write_text(PACK.replace("for: 0s, clear_for: 0s", "for: 0s, clear_for: 1s"))
    city.step(1.0)

    assert len(refused) == 1
    assert f"{city.pack_file}:" in refused[0]
    assert city.api.names() == [("waterlogging", "open", "red")]
    assert city.gateway.worker.counters["packs_refused"] == 1
    assert city.gateway.worker.counters["packs_loaded"] == 2


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("when: depth_m >= 15 cm", "when: dept_m >= 15 cm", "dept_m"),
        ("when: depth_m >= 15 cm", "when: depth_m >= 15 furlong", "furlong"),
        ("when: depth_m >= 15 cm", "when: depth_m >= 15 Cel", "Cel"),
        ("key: [subject]", "kay: [subject]", "kay"),
    ],
    ids=["unknown field", "unknown unit", "unit of another dimension", "unknown key"],
)
def test_gateway_refuses_to_start_on_a_bad_pack(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    """Without rules in force there is nothing to fall back to: say file, line and column."""
    with pytest.raises(PacksError) as caught:
        City(tmp_path, pack=PACK.replace(before, after, 1))

    assert expected in str(caught.value)
    assert f"{tmp_path / 'pack.yaml'}:" in str(caught.value)


def test_restarted_gateway_keeps_the_journalled_rules_when_the_file_is_broken(
    city: City,
) -> None:
    """A crash must not turn a bad edit into an outage."""
    city.run(3)
    city.pack_file.write_text("rules: 7")
    city.restart()
    city.send(pressed(0, city.clock.now()))
    city.step()

    assert city.api.names() == [("alarm", "open", "red")]


@pytest.mark.parametrize("checkpoint_every_s", [0.001, 5.0, 1e9], ids=["always", "5 s", "never"])
def test_restart_at_any_second_resets_no_timer(tmp_path: Path, checkpoint_every_s: float) -> None:
    """Killed again and again, a gateway raises the very events of an undisturbed one."""
    undisturbed = City(tmp_path / "undisturbed")
    killed = City(tmp_path / "killed", checkpoint_every_s=checkpoint_every_s)
    for index in range(42):
        depth_m = 0.5 if index < 8 else 0.05
        for city in (undisturbed, killed):
            city.send(reading(index, city.clock.now(), depth_m))
            city.step()
            for second in range(10):
                city.step(1.0)
                if city is killed and second == index % 10:
                    city.restart()

    assert killed.api.names()[0] == ("waterlogging", "open", "red")
    assert _essence(killed.api.events) == _essence(undisturbed.api.events)
    assert killed.api.names()[-1][1] == "end"


def _essence(events: Sequence[Event]) -> list[tuple[object, ...]]:
    """Return what must not depend on restarts: everything but the journal's numbering."""
    return [
        (e.event_id, e.rev, e.phase, e.level, e.onset_at, e.at, e.ended_at, e.cause.message)
        for e in events
    ]


def test_replay_of_the_journal_finds_the_same_events_bit_for_bit(city: City) -> None:
    """A fresh host that is fed the journal from zero makes the bytes that were delivered."""
    city.send(birth(START))
    city.flood(9)
    city.flood(40, first_seq=9, depth_m=0.1)
    city.send(pressed(0, city.clock.now()))
    city.run(10)
    host = RuleHost(Dedupe(), default_district=DISTRICT)
    replayed = [
        encode(event)
        for record in read_journal(city.folder / "state" / "journal")
        for event in host.apply(record).events
    ]
    rows = city.gateway.outbox._select("ORDER BY row", ())

    assert len(replayed) >= 3
    assert replayed == [row.body for row in rows]
    assert host.digest() == city.gateway.host.digest()


def test_lost_checkpoint_is_rebuilt_from_the_journal(city: City) -> None:
    """Without its checkpoint a gateway knows the same after reading the journal."""
    city.box.subscribe(topic(Kind.ACK))
    city.flood(5)
    digest = city.gateway.host.digest()
    (city.folder / "state" / "checkpoint.sqlite").rename(city.folder / "gone.sqlite")
    city.restart()
    acks(city.box)
    city.send(reading(4, START, resent=True))
    city.step()

    assert city.gateway.host.digest() == digest
    assert _through(city) == {"readings": 4}


def test_telemetry_holds_every_value_also_after_a_restart_before_it_was_written(
    city: City,
) -> None:
    """Points that were only queued when the gateway died are written from the journal."""
    city.flood(3)
    writer = city.gateway.telemetry
    assert writer is not None
    writer._not_before = 1e18  # the store is down from here on
    city.flood(3, first_seq=3, depth_m=0.25)
    city.restart()
    city.run(2)
    assert city.gateway.telemetry is not None
    store: TelemetryQuery = city.gateway.telemetry._sink  # type: ignore[assignment] # embedded is both
    points = store.read("water-1", "depth_m", from_us=0, to_us=round(later(3600).timestamp() * 1e6))

    assert [point.value for point in points] == [0.5] * 3 + [0.25] * 3


def test_status_and_control_are_journalled_under_their_kinds(city: City) -> None:
    """What boxes say about themselves and what the API orders is part of the total order."""
    control = Control(id="c-1", action=ControlAction.ACKNOWLEDGE, at=START, by="anna")
    city.send(birth(START), retain=True)
    city.send(encode(control), district_topic(DISTRICT, Kind.CONTROL))
    city.step()
    city.send(birth(START, state=BoxState.OFFLINE))
    city.step()
    kinds = [r.kind for r in read_journal(city.folder / "state" / "journal") if r.topic]

    assert kinds == [JournalKind.STATUS, JournalKind.CONTROL, JournalKind.STATUS]
    assert city.gateway.host.counters["controls"] == 1
    assert city.gateway.host.registry.boxes["box-1"].state is BoxState.OFFLINE


def test_metrics_page_names_every_metric_once(tmp_path: Path) -> None:
    """Every declared family is on the page with its type, and counts what happened."""
    city = City(tmp_path, pack=PACK + GATES)
    city.send(reading(0, later(9_000)))
    city.send(b"{")
    city.step()
    page = render(city.gateway)

    assert [m.name for m in METRICS if f"# TYPE {m.name} {m.kind}\n" not in page] == []
    assert 'cityloop_gateway_messages_rejected_total{reason="malformed"} 1\n' in page
    assert 'cityloop_gateway_clock_skew_total{box="box-1"} 1\n' in page
    assert 'cityloop_gateway_quality_flags_total{subject="water-1",flag="suspect"} 1\n' in page
    assert 'cityloop_gateway_quality_checks_total{check="skew",flag="suspect"} 1\n' in page


def test_outbox_forgets_the_oldest_settled_events_first(tmp_path: Path, city: City) -> None:
    """The budget takes delivered events, never waiting ones."""
    outbox = EventOutbox(tmp_path / "small.sqlite", remember=10)
    outbox.put([(f"e-{n}", 0, b"{}") for n in range(1_500)], START)
    from gateway.event_outbox import EventState  # noqa: PLC0415

    outbox.settle(outbox.batch(1_200), EventState.DELIVERED, START)

    assert len(outbox._select("", ())) == 310
    assert outbox.pending == 300
    assert outbox.put([("e-1", 0, b"{}"), ("e-1400", 0, b"{}")], START) == 1
    outbox.close()
