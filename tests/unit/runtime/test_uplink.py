"""The uplink: everything arrives, in order, until it is acknowledged, and urgent things first."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.ack import Ack
from contracts.codec import decode_message, encode
from contracts.control import Command, CommandName
from contracts.envelope import Channel
from contracts.status import BoxState, Status
from runtime.clock import ManualClock, ScaledClock
from runtime.memory_hub import MemoryHub, MemorySession
from runtime.outbox import Outbox
from runtime.session import Will
from runtime.uplink import Uplink
from tests.unit.runtime.letters import (
    BOOT,
    BOX,
    ROOT,
    START,
    Gateway,
    covered,
    letters,
    open_outbox,
    stored,
)


def build(
    outbox: Outbox,
    session: MemorySession,
    *,
    boot_id: str = BOOT,
    window: int = 100,
    resend_after_s: float = 10.0,
) -> Uplink:
    """Return an uplink of the test's box."""
    return Uplink(
        outbox=outbox,
        session=session,
        district="minhang",
        site="bridge",
        box=BOX,
        boot_id=boot_id,
        window=window,
        resend_after_s=resend_after_s,
        rng=Random(1),
    )


class Street:
    """A box, a hub and a gateway, all in memory but for the outbox."""

    def __init__(self, folder: Path, window: int = 100) -> None:
        self.hub = MemoryHub()
        self.folder = folder
        self.window = window
        self.now = START
        self.gateway = Gateway(self.hub.session("gateway"))
        self.outbox = open_outbox(folder)
        self.session = self.hub.session(BOX)
        self.uplink = build(self.outbox, self.session, window=window)
        self.session.start()

    def step(self, seconds: float = 0.0) -> list[str]:
        """Let time pass, run one step, return the topics of what it handed out."""
        self.now += timedelta(seconds=seconds)
        return [message.topic for message in self.uplink.step(self.now)]

    def restart(self, boot_id: str) -> None:
        """Start the box again under a new boot id."""
        self.outbox.close()
        self.session.kill()
        self.outbox = open_outbox(self.folder, boot_id=boot_id)
        self.session = self.hub.session(BOX)
        self.uplink = build(self.outbox, self.session, boot_id=boot_id, window=self.window)
        self.session.start()

    def seqs(self) -> list[int]:
        """Step once and return the seqs that reached the gateway."""
        self.step()
        return [message.seq for message in self.gateway.take()]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """Yield a street whose outbox is closed afterwards."""
    built = Street(tmp_path)
    yield built
    built.outbox.close()


def test_messages_leave_in_order_with_the_moment_of_leaving(street: Street) -> None:
    """They arrive in the order they were sent, stamped, not marked as repeated."""
    street.uplink.send(letters(3))
    street.step(5.0)

    got = street.gateway.take()

    assert [message.seq for message in got] == [0, 1, 2]
    assert {(START + timedelta(seconds=5), False)} == {(m.sent_at, m.resent) for m in got}


def test_only_an_acknowledgement_frees_a_message(street: Street) -> None:
    """The hub taking it is not enough; the gateway's word is."""
    street.uplink.send(letters(5))
    street.step()
    assert street.uplink.backlog == 5

    street.gateway.ack(3)
    street.step()

    assert stored(street.outbox) == [4]
    assert street.uplink.counters["acks"] == 1


def test_the_window_bounds_what_is_under_way(street: Street) -> None:
    """No more than the window leaves unacknowledged; an acknowledgement lets the next follow."""
    street.uplink.send(letters(250))
    assert list(range(100)) == street.seqs()
    assert street.seqs() == []

    street.gateway.ack(49)

    assert list(range(100, 150)) == street.seqs()


def test_what_the_gateway_turned_away_is_sent_again_at_once(street: Street) -> None:
    """A request to resend goes back to the oldest unacknowledged message without waiting."""
    street.uplink.send(letters(5))
    street.seqs()

    street.gateway.ack(1, resend=True)

    assert street.seqs() == [2, 3, 4]


def test_a_lane_of_which_nothing_arrived_is_sent_again_from_its_beginning(street: Street) -> None:
    """-1 with a request to resend frees nothing and repeats everything."""
    street.uplink.send(letters(3))
    street.seqs()

    street.gateway.ack(-1, resend=True)

    assert street.seqs() == [0, 1, 2]
    assert street.uplink.backlog == 3


def test_requests_made_before_the_repetition_arrived_are_not_heard(street: Street) -> None:
    """Going back once answers every request that was already on its way."""
    street.uplink.send(letters(3))
    street.seqs()
    street.gateway.ack(0, resend=True)
    street.seqs()

    street.gateway.ack(0, resend=True)

    assert street.seqs() == []
    street.now += timedelta(seconds=1.0)
    street.gateway.ack(0, resend=True)
    assert street.seqs() == [1, 2]


def test_urgent_messages_pass_a_flood(street: Street) -> None:
    """Readings that fill their window do not hold up urgent messages or observations."""
    street.uplink.send(letters(1000))
    street.seqs()

    street.uplink.send([*letters(2, Channel.OBSERVATIONS), *letters(2, Channel.URGENT)])
    street.step()

    got = [(message.channel, message.seq) for message in street.gateway.take()]
    assert got == [
        (Channel.URGENT, 0),
        (Channel.URGENT, 1),
        (Channel.OBSERVATIONS, 0),
        (Channel.OBSERVATIONS, 1),
    ]


def test_lanes_of_a_group_take_turns(tmp_path: Path) -> None:
    """A flood of readings leaves room for tracks and counts in the same window."""
    street = Street(tmp_path, window=600)
    street.uplink.send(letters(1000))
    street.uplink.send(letters(1000, Channel.TRACKS))

    street.step()

    got = [message.channel for message in street.gateway.take()]
    assert (got.count(Channel.READINGS), got.count(Channel.TRACKS)) == (400, 200)


def test_what_is_not_acknowledged_is_sent_again_and_says_so(street: Street) -> None:
    """After the wait, the lane goes back to its oldest unconfirmed message, marked as repeated."""
    street.uplink.send(letters(4))
    street.step()
    street.gateway.take()
    street.gateway.ack(1)
    street.step()
    street.step(9.0)
    assert street.gateway.take() == []

    street.step(1.0)

    assert [(m.seq, m.resent) for m in street.gateway.take()] == [(2, True), (3, True)]
    assert street.uplink.counters["resent"] == 2


def test_repetitions_grow_rarer(street: Street) -> None:
    """A gateway that is away for an hour is not asked every ten seconds."""
    street.uplink.send(letters(1))
    for _ in range(3600):
        street.step(1.0)

    repeated = street.uplink.counters["rewinds"]

    assert 5 <= repeated <= 120


def test_progress_puts_off_the_repetition(street: Street) -> None:
    """While acknowledgements come in, nothing is repeated, however slowly they come."""
    street.uplink.send(letters(10))
    street.step()
    for seq in range(9):
        street.gateway.ack(seq)
        street.step(8.0)

    assert street.uplink.counters["resent"] == 0


def test_a_reconnect_repeats_what_was_under_way(street: Street) -> None:
    """Messages that a dying hub swallowed are repeated within a second, not after ten."""
    street.uplink.send(letters(3))
    street.step()
    street.gateway.take()
    street.hub.stop()
    street.step(1.0)
    street.hub.start()
    street.step()

    street.step(1.0)

    assert [message.seq for message in street.gateway.take() if message.resent] == [0, 1, 2]


def test_nothing_is_lost_while_the_hub_is_away(street: Street) -> None:
    """Messages wait in the outbox and leave when the hub is back."""
    street.hub.stop()
    street.uplink.send(letters(5))
    assert street.seqs() == []

    street.hub.start()

    assert street.seqs() == [0, 1, 2, 3, 4]


def test_a_restart_sends_the_former_boots_messages_first(street: Street) -> None:
    """The old boot's messages keep their number, go first, and count as repeated."""
    street.uplink.send(letters(3))
    street.restart("00000000000000bb")
    street.uplink.send(letters(2))
    street.step()

    got = [(m.boot_id[-2:], m.seq, m.resent) for m in street.gateway.take()]

    assert got == [
        ("aa", 0, True),
        ("aa", 1, True),
        ("aa", 2, True),
        ("bb", 0, False),
        ("bb", 1, False),
    ]


def test_a_restart_in_the_middle_of_a_lane_goes_on_there(street: Street) -> None:
    """What was confirmed before the restart is not waited for after it."""
    street.uplink.send(letters(150))
    street.step()
    street.gateway.ack(89)
    street.step()
    street.gateway.take()
    street.restart("00000000000000bb")

    assert list(range(90, 150)) == street.seqs()

    street.gateway.ack(149)
    street.step()
    assert street.uplink.backlog == 0


def test_a_confessed_gap_passes_the_window(tmp_path: Path) -> None:
    """A dropped range counts as one message on its way and is confirmed like one."""
    street = Street(tmp_path)
    street.outbox.close()
    street.outbox = open_outbox(tmp_path, budget_rows=128)
    street.uplink = build(street.outbox, street.session)
    street.uplink.send(letters(5000))

    while street.uplink.backlog:
        street.step()
        got = street.gateway.take()
        assert got
        street.gateway.ack(got[-1].seq)
        street.step()

    assert list(range(5000)) == covered(street.gateway.messages)


@pytest.mark.parametrize(
    ("payload", "counter"),
    [
        pytest.param(b"{", "acks_malformed", id="no JSON"),
        pytest.param(b'{"type":"event.v1"}', "acks_malformed", id="another type"),
        pytest.param(
            encode(Ack(box="box-2", boot_id=BOOT, channel=Channel.READINGS, through_seq=2)),
            "acks_foreign",
            id="another box's",
        ),
    ],
)
def test_a_bad_acknowledgement_is_counted_and_frees_nothing(
    street: Street, payload: bytes, counter: str
) -> None:
    """What is no acknowledgement of ours changes nothing."""
    street.uplink.send(letters(3))
    street.step()

    street.gateway.session.publish(f"{ROOT}/ack", payload)
    street.step()

    assert street.uplink.backlog == 3
    assert street.uplink.counters[counter] == 1


def test_an_acknowledgement_beyond_what_was_sent_frees_nothing(street: Street) -> None:
    """A number that was never given out is no reason to forget anything."""
    street.uplink.send(letters(3))
    street.step()
    street.gateway.take()

    street.gateway.ack(1000)
    street.step()
    street.step(10.0)
    street.step(10.0)

    assert street.uplink.backlog == 3
    assert [message.seq for message in street.gateway.take()] == [0, 1, 2]


def test_commands_are_handed_out_and_come_again_unless_a_step_follows(street: Street) -> None:
    """A command is acknowledged to the hub by the step after the one that returned it."""
    command = Command(
        id="c-1", name=CommandName.RELOAD, at=START, expires_at=START + timedelta(minutes=1)
    )
    street.gateway.session.publish(f"{ROOT}/command", encode(command))
    (handed,) = street.uplink.step(START)
    assert command == decode_message(handed.payload)

    # the box dies while it carries the command out
    street.restart("00000000000000bb")
    assert [f"{ROOT}/command"] == street.step()
    street.step()
    street.restart("00000000000000cc")

    assert street.step() == []


def status(state: BoxState, seq: int) -> Status:
    """Return a status of the test's box."""
    return Status(
        id=f"{BOX}/{BOOT}/status/{seq}",
        box=BOX,
        boot_id=BOOT,
        channel=Channel.STATUS,
        seq=seq,
        at=START,
        state=state,
    )


def retained_status(hub: MemoryHub) -> BoxState:
    """Return the state that a late subscriber sees."""
    late = hub.session("late")
    late.subscribe(f"{ROOT}/status")
    late.start()
    message = decode_message(late.receive()[-1].payload)
    late.close()
    assert isinstance(message, Status)
    return message.state


def test_the_status_is_retained_and_said_again_after_a_last_will(tmp_path: Path) -> None:
    """When the hub has published the will of a lost connection, the box corrects it."""
    hub = MemoryHub()
    will = Will(f"{ROOT}/status", encode(status(BoxState.OFFLINE, 0)))
    session = hub.session(BOX, will)
    uplink = build(open_outbox(tmp_path), session)
    uplink.publish_status(status(BoxState.BIRTH, 1))
    session.start()
    uplink.step(START)
    assert retained_status(hub) is BoxState.BIRTH

    session.kill()
    assert retained_status(hub) is BoxState.OFFLINE
    session.start()
    uplink.step(START)

    assert retained_status(hub) is BoxState.BIRTH


def test_a_scaled_clock_does_not_hurry_the_network(tmp_path: Path) -> None:
    """At sixty times the speed, ten seconds of patience are ten minutes on the clock."""
    hub = MemoryHub()
    gateway = Gateway(hub.session("gateway"))
    outbox = Outbox(tmp_path / "o.db", box=BOX, boot_id=BOOT, clock=ScaledClock(START, START, 60.0))
    session = hub.session(BOX)
    uplink = build(outbox, session)
    session.start()
    uplink.send(letters(1))
    uplink.step(START)
    uplink.step(START)
    gateway.take()

    uplink.step(START + timedelta(seconds=599))
    assert gateway.take() == []
    uplink.step(START + timedelta(seconds=601))

    assert [message.seq for message in gateway.take()] == [0]


def test_closing_says_goodbye(street: Street) -> None:
    """After closing, the session is not connected any more."""
    street.uplink.close()

    assert not street.session.connected


class Chaos:
    """A street on which things fail, and a journal of what the gateway kept."""

    def __init__(self, folder: Path, rng: Random) -> None:
        self.street = Street(folder, window=20)
        self.journal: dict[str, set[int]] = {}
        self._rng = rng
        self._boots = 0

    def send(self) -> None:
        """Enqueue some messages."""
        self.street.uplink.send(letters(self._rng.randint(1, 30)))

    def step(self) -> None:
        """Let a second pass."""
        self.street.step(1.0)

    def wait(self) -> None:
        """Let so much time pass that unacknowledged messages are repeated."""
        self.street.step(20.0)

    def take(self) -> None:
        """Let the gateway journal what has arrived."""
        for message in self.street.gateway.take():
            self.journal.setdefault(message.boot_id, set()).add(message.seq)

    def lose(self) -> None:
        """Lose what has arrived, though the hub has taken it."""
        self.street.gateway.take()

    def ack(self) -> None:
        """Acknowledge what is journalled without a gap."""
        for boot_id, seqs in self.journal.items():
            through = next(n for n in range(len(seqs) + 1) if n not in seqs) - 1
            if through >= 0:
                self.street.gateway.ack(through, boot_id=boot_id)

    def hub(self) -> None:
        """Restart the hub."""
        self.street.hub.stop()
        self.street.step(1.0)
        self.street.hub.start()

    def restart(self) -> None:
        """Kill the box and start it again."""
        self._boots += 1
        self.street.restart(f"{self._boots:016x}")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(["send", "step", "wait", "take", "lose", "ack", "hub", "restart"]),
        max_size=60,
    ),
    st.randoms(use_true_random=False),
)
def test_whatever_fails_everything_arrives(
    tmp_path_factory: pytest.TempPathFactory, happenings: list[str], rng: Random
) -> None:
    """Hub outages, restarts and messages lost after the hub took them: in the end all is there."""
    chaos = Chaos(tmp_path_factory.mktemp("uplink"), rng)

    for happening in happenings:
        getattr(chaos, happening)()
    rounds = 0
    while chaos.street.uplink.backlog and rounds < 200:
        chaos.street.step(400.0)
        chaos.take()
        chaos.ack()
        chaos.street.step()
        rounds += 1

    ledger = {boot: count for (boot, _), count in chaos.street.outbox.ledger().items()}
    chaos.street.outbox.close()
    assert {boot: set(range(count)) for boot, count in ledger.items()} == chaos.journal


def test_the_clock_may_jump_back(street: Street) -> None:
    """A clock set back an hour delays a repetition, but stops nothing."""
    street.uplink.send(letters(1))
    street.step()
    street.gateway.take()
    street.now = START - timedelta(hours=1)
    street.uplink.send(letters(1))

    assert street.seqs() == [1]


def test_moments_are_what_the_caller_says(street: Street) -> None:
    """``sent_at`` is the step's moment, whatever the outbox's clock shows."""
    moment = datetime(2030, 1, 1, tzinfo=START.tzinfo)
    street.uplink.send(letters(1))
    street.uplink.step(moment)

    (got,) = street.gateway.take()

    assert moment == got.sent_at
    assert ManualClock(START).now() == START
