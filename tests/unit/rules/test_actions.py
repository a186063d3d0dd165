"""Actions: commands to devices go out once, come back once, and wait for guard and limit."""

from typing import Any

import pytest

from rules.actions import ActionOrder
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack
from tests.unit.rules.scenario import T0, PackFault, feed, pack, reading, rule, step
from tests.unit.rules.test_control import control

LADDER = [
    step("blue", "depth_m >= 15 cm", clear="depth_m < 12 cm"),
    step("red", "depth_m >= 40 cm", clear="depth_m < 35 cm"),
]
SIGN: dict[str, Any] = {
    "at": "red",
    "command": "sign.show",
    "device": "sign-{site}",
    "args": {"text": "{depth_m:.1f} m", "blink": True},
    "clear": {"command": "sign.clear"},
}


def signed(**changes: Any) -> RulePack:
    """Return a pack whose rule tells a sign at red, the action changed."""
    return pack(rule(ladder=LADDER, actions=[{**SIGN, **changes}]))


def orders(breaches: list[Breach]) -> list[ActionOrder]:
    """Return all orders of some statements."""
    return [order for breach in breaches for order in breach.orders]


def shown(breaches: list[Breach]) -> list[tuple[str, str, float]]:
    """Return kind, command and time of every order."""
    return [(one.kind.value, one.command, one.at - T0) for one in orders(breaches)]


def test_the_command_goes_out_at_its_level_and_comes_back_below_it() -> None:
    """Blue says nothing, red shows, going back to blue clears, and the end says nothing more."""
    depths = [0.2, 0.5, 0.6, 0.2, 0.0]

    found = feed(Engine([signed()]), [reading(i * 10.0, depth) for i, depth in enumerate(depths)])

    assert shown(found) == [("give", "sign.show", 10.0), ("clear", "sign.clear", 30.0)]


def test_an_order_says_everything_that_its_delivery_needs() -> None:
    """Device and arguments have their names filled in; the order belongs to its statement."""
    found = feed(Engine([signed()]), [reading(0.0, 0.5)])

    (order,) = orders(found)
    assert order.device == "sign-site-1"
    assert order.args == {"text": "0.5 m", "blink": True}
    assert (order.event_id, order.rev) == (found[0].event_id, found[0].rev)


def test_the_end_of_an_event_takes_the_command_back() -> None:
    """An event that ends at red sends the clear with its end."""
    found = feed(Engine([signed()]), [reading(0.0, 0.5), reading(10.0, 0.0)])

    assert shown(found) == [("give", "sign.show", 0.0), ("clear", "sign.clear", 10.0)]


def test_every_run_makes_the_same_ids_and_no_two_orders_share_one() -> None:
    """A replay gives the very orders again: delivery by id is exactly once."""
    samples = [reading(i * 10.0, depth) for i, depth in enumerate([0.5, 0.0, 0.5, 0.0])]

    first, second = (orders(feed(Engine([signed()]), samples)) for _ in range(2))

    assert first == second
    assert len({order.id for order in first}) == len(first) == 4


def test_a_restart_gives_no_command_twice() -> None:
    """What devices were told is in the snapshot: it is cleared after a restart, and not told again."""
    before = Engine([signed()])
    told = feed(before, [reading(0.0, 0.5)])
    blobs = {name: blob for name, blob in before.take_dirty().items() if blob is not None}
    after = Engine([signed()])
    after.restore(blobs)

    told += feed(after, [reading(10.0, 0.6), reading(20.0, 0.0)])

    assert shown(told) == [("give", "sign.show", 0.0), ("clear", "sign.clear", 20.0)]


@pytest.mark.parametrize("depth", [0.9, 0.2], ids=["false", "unknown field"])
def test_a_guard_that_is_not_known_to_be_true_holds_the_command_back(depth: float) -> None:
    """Held back is counted, and nothing is cleared that was not given."""
    guard = "depth_m < 60 cm" if depth > 0.5 else "deep < 60 cm"
    held = rule(
        ladder=[step("red", "depth_m >= 15 cm", clear="depth_m < 12 cm")],
        let={"deep": {"agg": "max", "of": "depth_m", "window": {"count": 3}, "min_samples": 3}},
        actions=[{**SIGN, "guard": guard}],
    )
    engine = Engine([pack(held)])

    found = feed(engine, [reading(0.0, depth), reading(10.0, 0.0)])

    assert shown(found) == []
    assert engine.counters["guarded"] == 1


def test_a_guarded_command_is_tried_again_with_the_next_statement() -> None:
    """Blue is too deep for the sign at first; red comes when the guard lets it through."""
    engine = Engine(
        [pack(rule(ladder=LADDER, actions=[{**SIGN, "at": "blue", "guard": "depth_m > 0.3"}]))]
    )

    found = feed(engine, [reading(0.0, 0.2), reading(10.0, 0.5)])

    assert shown(found) == [("give", "sign.show", 10.0)]


def test_at_most_limits_commands_of_one_key() -> None:
    """The second within the time is counted and not given; another key and a later time are free."""
    engine = Engine([signed(at_most="1 per 10m")])
    wet, dry = 0.5, 0.0
    series = [(0.0, wet), (10.0, dry), (20.0, wet), (30.0, dry), (700.0, wet)]

    found = feed(engine, [reading(at, depth) for at, depth in series])
    found += feed(engine, [reading(700.0, wet, subject="pond-2")])

    assert [at for kind, _, at in shown(found) if kind == "give"] == [0.0, 700.0, 700.0]
    assert engine.counters["throttled"] == 1


def test_a_shelved_key_gives_no_command() -> None:
    """What is not told to people is not told to devices."""
    engine = Engine([signed()])
    engine.control(control("shelve", rule="waterlogging"), T0 - 1.0)

    assert orders(feed(engine, [reading(0.0, 0.5)])) == []


def test_a_new_version_without_the_action_still_takes_it_back() -> None:
    """What was told before a reload is cleared with the next statement after it."""
    engine = Engine([signed()])
    feed(engine, [reading(0.0, 0.5)])
    engine.replace([pack(rule(ladder=LADDER))], T0 + 5.0)

    found = feed(engine, [reading(10.0, 0.0)])

    assert shown(found) == [("clear", "sign.clear", 10.0)]


def test_what_an_escalation_reaches_counts() -> None:
    """A level that only escalation gives may have an action."""
    late = rule(
        ladder=LADDER[:1],
        escalate=[{"after": "1m", "level": "red"}],
        actions=[SIGN],
    )
    engine = Engine([pack(late)])
    found = feed(engine, [reading(0.0, 0.2), reading(50.0, 0.2)])

    found += engine.tick(T0 + 61.0)

    assert shown(found) == [("give", "sign.show", 60.0)]


def test_a_level_that_no_event_can_have_is_refused() -> None:
    """The place of the level is named."""
    with pytest.raises(PackFault) as caught:
        pack(rule(ladder=LADDER[:1], actions=[SIGN]))

    assert caught.value.path == ("rules", 0, "actions", 0, "at")


def test_the_commands_of_a_group_are_those_of_its_keys_and_do_not_wait() -> None:
    """Two ponds of a site are one event; each has its sign, told when its own water is red."""
    event = {"type": "water.ponding", "group": {"by": ["site"], "wait": "30s"}}
    own = {**SIGN, "device": "sign-{subject}"}
    engine = Engine([pack(rule(event=event, ladder=LADDER, actions=[own]))])
    series = [
        (0.0, "pond-1", 0.2),
        (1.0, "pond-1", 0.5),
        (2.0, "pond-2", 0.5),
        (9.0, "pond-1", 0.0),
    ]

    found = feed(engine, [reading(at, depth, subject=name) for at, name, depth in series])

    assert [(one.kind.value, one.device, one.at - T0) for one in orders(found)] == [
        ("give", "sign-pond-1", 1.0),
        ("give", "sign-pond-2", 2.0),
        ("clear", "sign-pond-1", 9.0),
    ]
    assert len({breach.event_id for breach in found}) == 1
    assert [breach.rev for breach in found] == list(range(len(found)))
