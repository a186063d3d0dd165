"""What holds for every series: hypothesis over random water levels, ticks, gaps and restarts."""

import functools
import math
import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.event import EventPhase
from contracts.levels import level_rank
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.revision import LATE_DATA
from rules.sample import Sample
from tests.unit.rules.scenario import T0, WATERLOGGING, PackFault, pack, reading, rule, seen, step

LEVELS = (0.05, 0.13, 0.16, 0.25, 0.28, 0.37, 0.41, math.nan)
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
TRACKS = rule(
    id="tracks",
    watch={"stream": "tracks"},
    key=["camera", "track"],
    ladder=[
        step("blue", "dwell_s > 1 s && confidence > 0.5", for_="5s"),
        step("red", "dwell_s > 9 s"),
    ],
    gap="8s",
)
LANES = rule(
    id="lanes",
    watch={"stream": "observations"},
    key=["camera"],
    ladder=[step("yellow", when=True), step("red", "dwell_s > 9 s", for_="5s")],
    gap="7s",
)

SILENT = rule(
    id="silent",
    ladder=SHORT["ladder"],
    no_data={"after": "35s", "do": "raise", "level": "yellow"},
    absence={"after": "2.5 cadence", "level": "yellow"},
    escalate=[{"after": "45s", "unless": "acked", "level": "red"}],
    actions=[
        {
            "at": "yellow",
            "command": "sign.show",
            "device": "sign-{subject}",
            "clear": {"command": "sign.clear"},
            "at_most": "1 per 1m",
        }
    ],
)
FORGETFUL = rule(
    id="forgetful", latch=True, ladder=SHORT["ladder"], no_data={"after": "15s", "do": "clear"}
)

MEANT = rule(
    id="meant",
    ladder=[
        step("blue", "level >= 15 cm || rise > 0.1 || high > 1.5"),
        step("red", "level >= 40 cm"),
    ],
    let={
        "level": {"agg": "median", "of": "depth_m", "window": {"count": 3}},
        "rise": {"rate": "depth_m", "over": "1m"},
        "high": {"ratio": "depth_m", "to": {"median": "depth_m", "over": "1h"}},
    },
)
NIGHTLY = rule(id="nightly", ladder=SHORT["ladder"], active="minutes", no_data=SILENT["no_data"])
"""T0 is 22:13:20 UTC."""
CALENDAR = {"tz": "UTC", "daily": ["22:13-22:14", "22:15-22:17", "22:30-23:00"]}

Arrival = tuple[Sample | None, float]
"""A sample and when it arrives; None: a tick."""


@functools.cache
def packs() -> tuple[RulePack, ...]:
    """Return the rules that the properties run over: readings, tracks and observations."""
    nightly = {"calendars": {"minutes": CALENDAR}, "rules": [NIGHTLY]}
    return (
        compile_pack(nightly, "nightly", PackFault),
        pack(WATERLOGGING, SHORT, TWICE, TRACKS, LANES, SILENT, FORGETFUL, MEANT),
    )


def _sample(kind: int, at: float, subject: str, value: float, *, ended: bool) -> Sample:
    if kind == 0:
        return reading(at, value, subject=subject)
    if kind == 1:
        fields = (
            {"dwell_s": value * 30} if ended else {"dwell_s": value * 30, "confidence": value * 3}
        )
        return seen("tracks", at, {"track": subject}, ended=ended, **fields)
    keys = {"observation": subject, "kind": "zone_dwell"}
    return seen("observations", at, keys, ended=ended, dwell_s=value * 30)


@st.composite
def arrivals(draw: st.DrawFn) -> list[Arrival]:
    """Return samples and ticks in arrival order: late ones, gaps and a wrong clock among them."""
    now, found = T0, list[Arrival]()
    for _ in range(draw(st.integers(1, 40))):
        now += draw(st.sampled_from((0.0, 0.5, 3.0, 10.0, 10.0, 40.0, 700.0)))
        if draw(st.integers(0, 3)) == 0:
            found.append((None, now))
            continue
        behind = draw(st.sampled_from((0.0, 0.0, 0.0, 1.0, 12.0, 900.0, -200.0, -4000.0)))
        sample = _sample(
            draw(st.integers(0, 2)),
            now - behind - T0,
            draw(st.sampled_from(("a", "b"))),
            draw(st.sampled_from(LEVELS)),
            ended=draw(st.booleans()),
        )
        found.append((sample, now))
    return found


def run(engine: Engine, steps: Sequence[Arrival]) -> list[Breach]:
    """Return what an engine finds in a sequence of arrivals."""
    found: list[Breach] = []
    for sample, now in steps:
        found += engine.tick(now) if sample is None else engine.apply(sample, now)
    return found


@settings(max_examples=100, deadline=None)
@given(arrivals(), st.randoms(use_true_random=False))
def test_a_restart_anywhere_changes_nothing(steps: list[Arrival], rng: random.Random) -> None:
    """Snapshots restored at random points give the same statements and the same digest."""
    whole = Engine(packs())
    expected = run(whole, steps)
    engine, store, found = Engine(packs()), dict[str, bytes](), list[Breach]()
    for one in steps:
        found += run(engine, [one])
        if rng.random() < 0.3:
            for name, blob in engine.take_dirty().items():
                store.pop(name, None)
                if blob is not None:
                    store[name] = blob
            engine = Engine(packs())
            engine.restore(store)

    assert expected == found
    assert whole.digest() == engine.digest()


@settings(max_examples=100, deadline=None)
@given(arrivals())
def test_statements_are_well_formed(steps: list[Arrival]) -> None:
    """Per event: revs 0, 1, 2 …; opened first, ended last, never again the same level.

    Only late data may say anything about an event that is over.
    """
    open_events: dict[str, Breach] = {}
    revs: dict[str, int] = {}

    for breach in run(Engine(packs()), steps):
        assert breach.rev == revs.get(breach.event_id, -1) + 1
        revs[breach.event_id] = breach.rev
        before = open_events.pop(breach.event_id, None)
        if LATE_DATA in breach.cause.flags:
            if breach.phase is not EventPhase.END:
                open_events[breach.event_id] = breach
            continue
        assert (breach.phase is EventPhase.OPEN) == (before is None)
        if breach.phase is EventPhase.UPDATE:
            assert before is not None
            assert breach.level is not before.level
        if breach.phase is EventPhase.END:
            assert breach.ended_at is not None
            assert breach.onset_at <= breach.ended_at <= breach.at
        else:
            open_events[breach.event_id] = breach
            assert breach.onset_at <= breach.at


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.0, 0.1499), min_size=1, max_size=60), st.integers(1, 120))
def test_no_alarm_below_the_lowest_threshold(depths: list[float], every_s: int) -> None:
    """Water that never reaches the lowest step never makes a statement."""
    steps = [(reading(i * every_s, depth), T0 + i * every_s) for i, depth in enumerate(depths)]

    found = run(Engine(packs()), [*steps, (None, T0 + 1e6)])

    assert [breach for breach in found if breach.rule not in {"silent", "nightly", "meant"}] == []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=60))
def test_rising_water_only_steps_up(depths: list[float]) -> None:
    """A monotone rise never lowers the level and never ends the episode."""
    steps = [(reading(i * 10.0, depth), T0 + i * 10.0) for i, depth in enumerate(sorted(depths))]

    ranks = [level_rank(b.level) for b in run(Engine(packs()), steps) if b.rule == "waterlogging"]

    assert ranks == sorted(set(ranks))


@settings(max_examples=60, deadline=None)
@given(arrivals(), st.randoms(use_true_random=False))
def test_keys_do_not_disturb_each_other(steps: list[Arrival], rng: random.Random) -> None:
    """Samples of different keys may change places between two ticks; no key's statements change."""
    shuffled: list[Arrival] = []
    run_of: list[Arrival] = []
    for one in [*steps, (None, steps[-1][1])]:
        if one[0] is not None:
            run_of.append(one)
            continue
        queues: dict[str, list[Arrival]] = {}
        for waiting in run_of:
            assert waiting[0] is not None
            queues.setdefault(_place(waiting[0]), []).append(waiting)
        while queues:
            name = rng.choice(sorted(queues))
            shuffled.append(queues[name].pop(0))
            if not queues[name]:
                del queues[name]
        run_of = []
        shuffled.append(one)

    assert _by_key(run(Engine(packs()), steps)) == _by_key(run(Engine(packs()), shuffled[:-1]))


def _place(sample: Sample) -> str:
    """Return what names a sample's keys in every rule here."""
    track = sample.keys.get("track", "")
    return f"{sample.stream} {track or sample.subject}"


def _by_key(breaches: list[Breach]) -> dict[tuple[str, str], list[Breach]]:
    found: dict[tuple[str, str], list[Breach]] = {}
    for breach in breaches:
        found.setdefault((breach.rule, str(breach.key)), []).append(breach)
    return found
