"""Noting readings that change nothing: the same as applying them, only sooner."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contracts.control import Control, ControlAction
from contracts.readings import moment
from rules.breach import Breach
from rules.calm_keys import CalmKeys
from rules.cuts import cuts_of
from rules.engine import Engine
from rules.expression import parse
from rules.rule import RulePack
from tests.unit.rules.scenario import T0, WATERLOGGING, pack, reading, rule, step

SHORT = rule(
    id="short",
    ladder=[
        step("blue", "depth_m >= 15 cm", clear="depth_m < 12 cm", for_="10s", clear_for="20s"),
        step("red", "depth_m >= 40 cm", clear="depth_m < 35 cm", for_="0s"),
    ],
)
TWICE = rule(
    id="twice",
    ladder=[
        {**step("blue", "depth_m >= 15 cm", for_="3s"), "repeat": {"count": 2, "within": "90s"}}
    ],
)
LISTED = rule(id="listed", ladder=[step("blue", "depth_m in [0.16, 0.28]", for_="10s")])
RECKONED = rule(id="reckoned", ladder=[step("blue", "depth_m * 2.0 >= 30 cm", for_="10s")])
SILENT = rule(
    id="silent",
    ladder=SHORT["ladder"],
    no_data={"after": "35s", "do": "raise", "level": "yellow"},
    absence={"after": "2.5 cadence", "level": "yellow"},
)
LATCHED = rule(id="latched", latch=True, ladder=SHORT["ladder"])
SHARED = rule(id="shared", key=["site"], ladder=SHORT["ladder"])
PACKS: dict[str, RulePack] = {
    "ladders": pack(WATERLOGGING, SHORT),
    "repeat": pack(WATERLOGGING, TWICE),
    "membership": pack(LISTED),
    "arithmetic": pack(RECKONED, SHORT),
    "silence": pack(SILENT, LATCHED),
    "shared key": pack(SHORT, SHARED),
}

_DEPTHS = (0.0, 0.05, 0.11, 0.12, 0.13, 0.15, 0.16, 0.25, 0.28, 0.37, 0.41, float("nan"))
_arrivals = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 5, 5, 5, 10, 40, -7, 400]),
        st.sampled_from(_DEPTHS) | st.floats(0.0, 0.5),
        st.sampled_from(["pond-1", "pond-1", "pond-1", "pond-2"]),
        st.sampled_from(["", "", "", "tick", "ack", "reload"]),
    ),
    max_size=60,
)


class _Both:
    """An engine that is given every sample, and one that may note what changes nothing."""

    def __init__(self, packs: RulePack) -> None:
        self._packs = packs
        self._plain, self._quick = Engine([packs]), Engine([packs])
        for running in self._plain._index.running.values():
            running.starts_calm = False  # nor may a first sample rest unjudged
        self._calm: dict[str, CalmKeys | None] = {}
        self.noted = 0

    def feed(self, at: float, depth_m: float, subject: str) -> None:
        """Feed both; they must find the same."""
        sample = reading(at, depth_m, subject=subject)
        now = sample.at + 1.0
        expected = self._plain.apply(sample, now)
        calm = self._calm.get(subject)
        found: list[Breach] = []
        if calm is not None and self._quick.note(calm, sample.at, sample.fields, now):
            self.noted += 1
        else:
            found = self._quick.apply(sample, now)
            self._calm[subject] = self._quick.calm(sample)

        assert expected == found
        assert self._plain.digest() == self._quick.digest()

    def interrupt(self, what: str, at: float) -> None:
        """Let something else than a sample move both."""
        now = T0 + at + 1.0
        for engine in (self._plain, self._quick):
            if what == "tick":
                engine.tick(now)
            elif what == "ack":
                engine.control(_acknowledged(), now)
            elif what == "reload":
                engine.replace([self._packs], now)

    def saves_alike(self) -> bool:
        """Return whether both counted the same and would save the same."""
        return (
            self._plain.counters == self._quick.counters
            and self._plain.take_dirty() == self._quick.take_dirty()
        )


def _acknowledged() -> Control:
    return Control(
        id="c-1", action=ControlAction.ACKNOWLEDGE, rule="short", at=moment(T0), by="tester"
    )


@pytest.mark.parametrize("name", PACKS)
@settings(deadline=None, max_examples=60)
@given(arrivals=_arrivals)
@example(arrivals=[(0, 0.0, "pond-1", ""), (-7, 0.31, "pond-1", ""), (10, 0.28, "pond-1", "")])
def test_noting_equals_applying(name: str, arrivals: list[tuple[int, float, str, str]]) -> None:
    """Statements, state after every reading, and what is saved are those of applying all."""
    both, at = _Both(PACKS[name]), 0.0
    for pause, depth_m, subject, interruption in arrivals:
        at += pause
        if interruption:
            both.interrupt(interruption, at)
        both.feed(at, depth_m, subject)

    assert both.saves_alike()


def test_a_calm_sensor_is_noted() -> None:
    """Of a dry gauge only the first reading is judged, however many rules watch it."""
    both = _Both(PACKS["ladders"])
    for turn in range(50):
        both.feed(turn * 10.0, 0.03 + 0.001 * (turn % 5), "pond-1")

    assert both.noted == 49


@pytest.mark.parametrize(
    ("text", "cuts"),
    [
        ("depth_m >= 15 cm", (0.15,)),
        ("0.3 m > depth_m || !(depth_m < 0.1 m && depth_m != 0.2 m)", (0.1, 0.2, 0.3)),
        ("depth_m in [0.16, 0.28]", (0.16, 0.28)),
        ("depth_m + 0.1 >= 0.3", None),
        ("abs(depth_m) >= 0.3", None),
        ("depth_m > 0.1 ? depth_m > 0.2 : depth_m > 0.3", None),
    ],
)
def test_cuts_of_a_condition(text: str, cuts: Any) -> None:
    """Where a condition only compares, its constants are known; where it reckons, nothing is."""
    assert cuts_of([parse(text)]) == cuts
