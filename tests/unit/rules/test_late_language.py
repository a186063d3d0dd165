"""Late samples of rules over tables, areas and baselines, and what devices were told of them."""

import functools

from hypothesis import given, settings
from msgspec import structs

from contracts.envelope import Place
from rules.actions import ActionOrder, OrderKind
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.sample import Sample
from tests.unit.rules.scenario import PackFault, rule, step
from tests.unit.rules.test_late_properties import _arrive, finally_told, run, streams

HERE = Place(lon=121.47, lat=31.23)
DATA = {
    "places": {
        "ponds": {"key": "subject", "columns": {"deep": "cm"}, "rows": {"pond-1": {"deep": 15}}}
    },
    "areas": {
        "schools": {
            "shapes": {"one": [[121.46, 31.22], [121.48, 31.22], [121.48, 31.24], [121.46, 31.24]]}
        }
    },
    "rules": [
        rule(
            id="placed",
            for_each="ponds",
            ladder=[step("blue", "depth_m >= deep", clear="depth_m < deep - 3 cm", for_="10s")],
            actions=[
                {
                    "at": "blue",
                    "command": "sign.show",
                    "device": "sign-1",
                    "clear": {"command": "sign.clear"},
                }
            ],
        ),
        rule(
            id="inside",
            where={"inside": {"areas": "schools"}},
            ladder=[step("blue", "depth_m >= 15 cm", clear="depth_m < 12 cm", for_="10s")],
        ),
        rule(
            id="unusual",
            let={"high": {"ratio": "depth_m", "to": {"mean": "depth_m", "over": "2h"}}},
            ladder=[
                step("blue", "high > 1.5 || depth_m > 0.4", clear="high < 1.2 || depth_m < 0.2")
            ],
        ),
    ],
}


@functools.cache
def packs() -> tuple[RulePack, ...]:
    """Return the rules that this must hold for."""
    return (compile_pack(DATA, "late", PackFault),)


def _placed(stream: tuple[list[Sample], list[int], list[bool]]) -> list[Sample]:
    return [structs.replace(sample, place=HERE) for sample in stream[0]]


def _orders(breaches: list[Breach]) -> list[ActionOrder]:
    return [order for breach in breaches for order in breach.orders]


@settings(max_examples=80, deadline=None)
@given(streams())
def test_any_order_within_the_lateness_comes_to_the_same(
    stream: tuple[list[Sample], list[int], list[bool]],
) -> None:
    """Rows, areas and baselines are as they were, whenever a sample is judged."""
    samples, (_, order, ticks) = _placed(stream), stream

    expected = run(Engine(packs()), _arrive(samples, range(len(samples)), ticks))
    found = run(Engine(packs()), _arrive(samples, order, ticks))

    assert finally_told(expected) == finally_told(found)


@settings(max_examples=80, deadline=None)
@given(streams())
def test_devices_are_told_in_turn_whatever_comes_late(
    stream: tuple[list[Sample], list[int], list[bool]],
) -> None:
    """A command and its taking back alternate, no order is given twice, and the last fits the event."""
    samples, (_, order, ticks) = _placed(stream), stream

    found = [b for b in run(Engine(packs()), _arrive(samples, order, ticks)) if b.rule == "placed"]
    orders = _orders(found)

    assert [one.kind for one in orders[::2]] == [OrderKind.GIVE] * len(orders[::2])
    assert [one.kind for one in orders[1::2]] == [OrderKind.CLEAR] * len(orders[1::2])
    assert len({one.id for one in orders}) == len(orders)
    newest = {breach.event_id: breach for breach in found}
    opened = any(breach.phase.value != "end" for breach in newest.values())
    assert (len(orders) % 2 == 1) == opened
