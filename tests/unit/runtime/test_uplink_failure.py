"""Whatever fails around the uplink, box, hub or network, everything arrives."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.runtime.letters import letters
from tests.unit.runtime.street import Street


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """Yield a street whose outbox is closed afterwards."""
    built = Street(tmp_path)
    yield built
    built.outbox.close()


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
