"""Orders of rules on their way to devices: once, confirmed or timed out, and every step on record."""

from pathlib import Path

import pytest

from contracts.codec import encode
from contracts.control import CommandResult
from contracts.envelope import Channel
from contracts.status import BoxState, Status
from gateway.command_store import CommandStore, OrderRow, OrderState
from rules.actions import ActionOrder, OrderKind
from tests.unit.gateway.city import BOOT, START, City, pressed
from tests.unit.gateway.signs import SIGN_PACK, Sign


class Street(City):
    """A city with an alarm button and a sign."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, pack=SIGN_PACK)
        self.sign = Sign(self.hub.session("sign-1"))
        self.announce()

    def announce(self, name: str = "birth") -> None:
        """Let the gateway hear of the sign."""
        birth = Status(
            id=f"sign-1/{name}",
            box="sign-1",
            boot_id=BOOT,
            channel=Channel.STATUS,
            seq=0,
            at=START,
            state=BoxState.BIRTH,
        )
        self.send(encode(birth), on="city/v1/nanshan/bay-road/sign-1/status")
        self.step()

    def press(self, seq: int, *, value: bool = True) -> None:
        """Press the button, or let it go."""
        self.send(pressed(seq, self.clock.now(), value=value))
        self.step()

    def talk(self, seconds: int) -> None:
        """Let gateway and sign speak as time passes."""
        for _ in range(seconds):
            self.sign.step()
            self.step(1.0)

    @property
    def orders(self) -> list[OrderRow]:
        """All orders, oldest first."""
        return self.gateway.commands.store.newest(100)[::-1]

    def states(self) -> list[tuple[str, OrderState]]:
        """Return command and state of every order."""
        return [(row.order.command, row.state) for row in self.orders]


@pytest.fixture
def street(tmp_path: Path) -> Street:
    """A street that is ready."""
    return Street(tmp_path)


def facts(street: Street, index: int = 0) -> list[str]:
    """Return the audit of one order."""
    store = street.gateway.commands.store
    return [line.fact for line in store.audit(street.orders[index].order.id)]


def test_an_order_is_carried_out_and_confirmed(street: Street) -> None:
    """The sign shows the text, says so, and every step is on record."""
    street.press(0)
    street.talk(3)

    assert street.sign.shown == ["sign.show button-1"]
    assert street.states() == [("sign.show", OrderState.DONE)]
    assert facts(street) == ["ordered", "sent", "done"]


def test_the_end_takes_the_order_back(street: Street) -> None:
    """When the event is over the sign is cleared, after it has shown."""
    street.press(0)
    street.talk(3)
    street.press(1, value=False)
    street.talk(3)

    assert street.sign.shown == ["sign.show button-1", "sign.clear "]
    assert [state for _, state in street.states()] == [OrderState.DONE] * 2


def test_without_an_answer_it_is_asked_again_and_given_up(street: Street) -> None:
    """The same order goes out under the same id until time is up; the sign does it once."""
    street.sign.answers = False
    street.press(0)
    street.talk(40)
    (row,) = street.orders

    assert street.sign.shown == ["sign.show button-1"]
    assert row.state is OrderState.TIMED_OUT
    assert row.tries == 6
    assert "30 s" in row.detail


def test_a_late_answer_is_noted(street: Street) -> None:
    """Who answers after the time is up changes no state, but stands in the record, once."""
    street.sign.answers = False
    street.press(0)
    street.talk(31)
    timed_out = street.states()
    lost = street.orders[0].order.id
    answer = CommandResult(id=lost, box="sign-1", at=START, ok=True)
    for _ in range(2):
        street.send(encode(answer), on="city/v1/nanshan/bay-road/sign-1/command/result")
        street.step()

    assert timed_out == [("sign.show", OrderState.TIMED_OUT)]
    assert facts(street).count("answered_late") == 1


def test_a_refusal_is_an_answer(street: Street) -> None:
    """A device that says no is asked no more; its reason is kept."""
    street.sign.refuses = "the panel is open"
    street.press(0)
    street.talk(12)
    (row,) = street.orders

    assert (row.state, row.tries, row.detail) == (OrderState.REFUSED, 1, "the panel is open")


def test_a_device_that_nobody_knows_is_waited_for(tmp_path: Path) -> None:
    """An order to an unknown device waits for its birth, until time is up."""
    street = Street(tmp_path)
    del street.gateway.host.registry.boxes["sign-1"]
    street.press(0)
    street.talk(2)
    held = street.orders[0]
    street.announce("again")
    street.talk(3)

    assert (held.state, held.tries) == (OrderState.WAITING, 0)
    assert "is unknown" in held.detail
    assert street.states() == [("sign.show", OrderState.DONE)]


def test_what_was_never_sent_is_superseded(street: Street) -> None:
    """An order that is taken back before anybody was told is not sent at all."""
    street.hub.session("gateway")  # cuts the gateway off
    del street.gateway.host.registry.boxes["sign-1"]
    street.gateway.session.start()
    street.press(0)
    street.press(1, value=False)
    street.step()

    assert street.states() == [
        ("sign.show", OrderState.SUPERSEDED),
        ("sign.clear", OrderState.WAITING),
    ]


def test_a_killed_gateway_gives_no_order_twice(street: Street) -> None:
    """The journal is read again and makes the same orders; their ids are known."""
    street.press(0)
    street.talk(3)
    street.restart()
    street.talk(3)

    assert street.sign.shown == ["sign.show button-1"]
    assert street.states() == [("sign.show", OrderState.DONE)]
    assert facts(street) == ["ordered", "sent", "done"]


def test_an_order_found_long_after_is_not_sent(street: Street) -> None:
    """A sign must not show what was true an hour ago: the order is on record as stale."""
    street.press(0)
    (street.folder / "state" / "commands.sqlite").unlink()
    street.gateway.commands.store.close()
    street.sign.shown.clear()
    street.sign._session.receive()
    street.clock.advance(3600.0)
    street.restart()
    street.talk(2)

    assert [state for _, state in street.states()] == [OrderState.STALE]
    assert street.sign.shown == []


def test_settled_orders_are_forgotten_in_the_end(tmp_path: Path) -> None:
    """The store has a budget, audit lines included; what is open never goes."""
    store = CommandStore(tmp_path / "commands.sqlite", remember=10, stale_s=60.0)
    store.put([order(number, at_s=0.0) for number in range(1_200)], (), START)
    store.put([order(1_200, at_s=START.timestamp())], (), START)

    assert store.trim() == 1_190
    assert store.trim() == 0
    assert len(store.newest(5_000)) == 11
    assert [row.state for row in store.open.values()] == [OrderState.WAITING]
    assert store.audit("order-0") == []
    assert [line.fact for line in store.audit("order-1199")] == ["ordered", "stale"]
    store.close()


def order(number: int, at_s: float) -> ActionOrder:
    """Return an order to a sign of its own."""
    return ActionOrder(
        id=f"order-{number}",
        event_id="e",
        rev=0,
        rule="r",
        kind=OrderKind.GIVE,
        device=f"sign-{number}",
        command="sign.show",
        at=at_s,
    )
