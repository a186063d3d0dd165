"""What users of other engines run into, as tests of ours that pass; each names the report.

Where a test drives the whole gateway (a sink that is down, messages at QoS 1) it is in
``tests/unit/gateway/test_peer_bugs.py``.
"""

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.control import Control, ControlAction, Mode
from contracts.readings import moment
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack, compile_pack
from rules.revision import WITHDRAWN
from rules.sample import Sample
from tests.unit.rules.scenario import T0, PackFault, feed, pack, reading, rule, seen, step, told

BLUE = [step("blue", "depth_m >= 15 cm", clear="depth_m < 12 cm", for_="60s", clear_for="5m")]
AT_ONCE = [step("blue", "depth_m >= 15 cm")]


def restarted(engine: Engine, packs: list[RulePack]) -> Engine:
    """Return a new engine with the state of another, as after a crash."""
    blobs = {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
    fresh = Engine(packs)
    fresh.restore(blobs)
    return fresh


def every(seconds: float, *spans: tuple[float, int]) -> list[Sample]:
    """Return readings of one pond at a cadence: depths and how often each."""
    depths = [depth for depth, count in spans for _ in range(count)]
    return [reading(index * seconds, depth) for index, depth in enumerate(depths)]


def nightly(**calendar: Any) -> list[RulePack]:
    """Return a pack whose rule is active at night in Shanghai."""
    active = {"tz": "Asia/Shanghai", "daily": ["22:00-06:00"], **calendar}
    data = {"calendars": {"night": active}, "rules": [rule(ladder=BLUE, active="night")]}
    return [compile_pack(data, "test", PackFault)]


def shanghai(day: int, hour: int, minute: int = 0, second: float = 0.0) -> float:
    """Return a time of December 2023 in Shanghai, in seconds into the scenario."""
    at = datetime(2023, 12, day, hour, minute, tzinfo=UTC).timestamp() - 8 * 3600.0 + second
    return at - T0


# --- gateway.md section 1: findings in the source of ThingsBoard


def test_thingsboard_a_duration_is_measured_in_data_time() -> None:
    """Wall clock less data time would fire at once on a late batch; a batch is judged by its own times."""
    engine = Engine([pack(rule(ladder=BLUE))])
    batch, arrival = every(10, (0.2, 3), (0.0, 3)), T0 + 7200.0

    found = [breach for sample in batch for breach in engine.apply(sample, arrival)]

    assert found + engine.tick(arrival + 60.0) == []


@pytest.mark.parametrize(
    ("day", "hour", "second", "expected"),
    [
        (1, 22, 0.0, True),
        (2, 0, 0.0, True),
        (2, 5, 0.0, True),
        (2, 6, 0.0, True),
        (2, 6, 0.001, False),
        (2, 22, 0.0, False),
    ],
    ids=["at ten", "midnight", "saturday morning", "at six", "after six", "saturday night"],
)
def test_thingsboard_an_overnight_span_belongs_to_the_day_it_starts(
    day: int, hour: int, second: float, expected: bool
) -> None:
    """Friday's night holds on Saturday until six, both ends to the instant; 1 December is a Friday."""
    schedule = nightly(days=["fri"])[0].rules[0].operators.schedule
    assert schedule is not None

    assert expected is schedule.window(T0 + shanghai(day, hour, 0, second), Mode.NORMAL)[0]


def test_thingsboard_pr16118_a_delay_runs_from_when_the_window_opens() -> None:
    """Water that stood long before ten opens the event a minute after ten, not never."""
    engine = Engine(nightly())
    before = [reading(shanghai(1, 21, 59, at), 0.2) for at in (0, 20, 40)]
    within = [reading(shanghai(1, 22, 0, at), 0.2) for at in (0, 20, 40, 60)]

    found = feed(engine, [*before, *within])

    assert told(found) == [("open", "blue", shanghai(1, 22, 1))]


# --- gateway.md section 3: what users ask for


def test_prometheus_10536_and_thingsboard_7943_an_event_ends_below_where_it_began() -> None:
    """Hysteresis: between the two thresholds nothing flaps."""
    engine = Engine(
        [pack(rule(ladder=[step("blue", "depth_m >= 15 cm", clear="depth_m < 12 cm")]))]
    )

    found = feed(engine, every(10, (0.16, 1), (0.14, 1), (0.16, 1), (0.13, 1), (0.11, 1)))

    assert told(found) == [("open", "blue", 0.0), ("end", "blue", 40.0)]


def test_thingsboard_5508_severity_falls_as_well_as_rises() -> None:
    """Critical becomes major again before it is over."""
    ladder = [step("blue", "depth_m >= 15 cm"), step("red", "depth_m >= 40 cm")]
    engine = Engine([pack(rule(ladder=ladder))])

    found = feed(engine, every(10, (0.5, 1), (0.2, 1), (0.0, 1)))

    assert [(phase, level) for phase, level, _ in told(found)] == [
        ("open", "red"),
        ("update", "blue"),
        ("end", "blue"),
    ]


def test_thingsboard_11803_each_step_has_delays_of_its_own() -> None:
    """Escalate after one minute, step down after two, clear after five (#7227, #12560 likewise)."""
    ladder = [
        step("blue", "depth_m >= 15 cm", clear_for="5m"),
        step("red", "depth_m >= 40 cm", for_="1m", clear_for="2m"),
    ]
    engine = Engine([pack(rule(ladder=ladder))])

    found = feed(engine, every(10, (0.5, 7), (0.2, 15), (0.0, 40)))

    assert told(found) == [
        ("open", "blue", 0.0),
        ("update", "red", 60.0),
        ("update", "blue", 190.0),
        ("end", "blue", 520.0),
    ]


@pytest.mark.parametrize("reload", [False, True], ids=["restart", "reload"])
def test_home_assistant_56642_for_outlives_restart_and_reload(reload: bool) -> None:
    """A delay goes on where it stood (#173971, #175756; roadmap#221)."""
    packs = [pack(rule(ladder=BLUE))]
    engine = Engine(packs)
    feed(engine, every(10, (0.2, 4)))

    if reload:
        engine.replace([pack(rule(ladder=BLUE, version="2"))], T0 + 35.0)
    else:
        engine = restarted(engine, packs)

    assert told(feed(engine, [reading(at, 0.2) for at in (40, 50, 60)])) == [("open", "blue", 60.0)]


@pytest.mark.parametrize("cut", [9, 20, 30], ids=["firing", "kept firing", "kept longer"])
def test_prometheus_13957_and_15175_firing_and_keep_firing_outlive_a_restart(cut: int) -> None:
    """What is open stays open, under its id, and ends when its ``clear_for`` is over, not sooner."""
    packs = [pack(rule(ladder=BLUE))]
    samples = every(10, (0.2, 15), (0.0, 40))
    engine = Engine(packs)
    whole = feed(Engine(packs), samples)

    found = feed(engine, samples[:cut])
    found += feed(restarted(engine, packs), samples[cut:])

    assert whole == found
    assert [phase for phase, _, _ in told(found)] == ["open", "end"]


@pytest.mark.parametrize("cut", range(1, 12))
def test_ekuiper_3847_a_window_outlives_a_restart(cut: int) -> None:
    """The first half of a window is not lost, wherever the restart comes."""
    let = {"mean": {"agg": "mean", "of": "depth_m", "window": {"count": 6}, "min_samples": 6}}
    packs = [pack(rule(let=let, ladder=[step("blue", "mean >= 19 cm")]))]
    samples = every(10, (0.1, 3), (0.3, 9))
    engine = Engine(packs)

    found = feed(engine, samples[:cut]) + feed(restarted(engine, packs), samples[cut:])

    assert told(found) == [("open", "blue", 50.0)]


def test_thingsboard_10979_what_does_not_recur_is_over() -> None:
    """Detections of a camera: without another one for the gap the event ends, dated to the last."""
    tracks = rule(
        watch={"stream": "tracks"},
        key=["camera", "track"],
        ladder=[step("yellow", "dwell_s > 1 s")],
        gap="60s",
    )
    engine = Engine([pack(tracks)])
    found = feed(engine, [seen("tracks", at, {"track": "7"}, dwell_s=9.0) for at in (0, 30, 80)])

    found += engine.tick(T0 + 139.0) + engine.tick(T0 + 140.0)

    assert told(found) == [("open", "yellow", 0.0), ("end", "yellow", 140.0)]
    assert found[-1].ended_at == T0 + 80.0


OFFLINE = rule(ladder=AT_ONCE, absence={"after": "60s", "level": "yellow"})


def test_thingsboard_319_offline_is_per_sensor() -> None:
    """Of two sensors behind one box the silent one is named (#14270)."""
    engine = Engine([pack(OFFLINE)])
    feed(engine, [reading(0, 0.1), reading(0, 0.1, subject="pond-2")])

    found = [one for at in range(1, 90) for one in _heard(engine, at)]

    assert [one.key for one in found] == [{"subject": "pond-2"}]


def test_thingsboard_14013_offline_is_told_in_time() -> None:
    """Not thirty times too late: with the first tick after the deadline."""
    engine = Engine([pack(OFFLINE)])
    feed(engine, [reading(0, 0.1)])

    assert engine.tick(T0 + 59.0) == []
    assert [one.at for one in engine.tick(T0 + 60.0)] == [T0 + 60.0]


def test_thingsboard_6821_and_7909_a_word_at_the_deadline_always_clears() -> None:
    """Whether the word or the tick comes first, the absence does not stay open."""
    for word_first in (False, True):
        engine = Engine([pack(OFFLINE)])
        feed(engine, [reading(0, 0.1)])
        found = feed(engine, [reading(60, 0.1)]) if word_first else []
        found += engine.tick(T0 + 60.0)
        found += [] if word_first else feed(engine, [reading(60, 0.1)])

        assert [one.phase.value for one in found] in ([], ["open", "end"])


def _heard(engine: Engine, at: int) -> list[Breach]:
    return engine.tick(T0 + at) + feed(engine, [reading(at, 0.1)])


def test_thingsboard_6773_an_alarm_has_the_times_of_its_data() -> None:
    """Start, change and end of a two-hour batch are those of its samples (#8191, #8681)."""
    engine = Engine([pack(rule(ladder=BLUE))])
    batch = every(10, (0.2, 12), (0.0, 40))

    found = [one for sample in batch for one in engine.apply(sample, T0 + 7200.0)]

    assert told(found) == [("open", "blue", 60.0), ("end", "blue", 420.0)]
    assert (found[0].onset_at, found[1].ended_at) == (T0, T0 + 120.0)


def test_prometheus_14085_missing_data_is_not_resolved() -> None:
    """A sensor that falters says nothing about the water: no end, and no second opening."""
    engine = Engine([pack(rule(ladder=AT_ONCE))])
    samples = [reading(0, 0.2), reading(10, math.nan), reading(20, 0.2)]

    found = feed(engine, samples, ticks=True) + engine.tick(T0 + 4000.0)
    found += feed(engine, [reading(4010, 0.2)])

    assert told(found) == [("open", "blue", 0.0)]


def _shelve(engine: Engine, until: float, **key: str) -> None:
    control = Control(
        id="c-1",
        action=ControlAction.SHELVE,
        at=moment(T0),
        by="duty",
        rule="waterlogging",
        key=key,
        until=moment(T0 + until),
    )
    engine.control(control, T0)


def test_alertmanager_226_the_end_of_a_silenced_alert_is_told_to_those_who_know_of_it() -> None:
    """An event told before the silence is ended in it; one that began in it is never told."""
    engine = Engine([pack(rule(ladder=AT_ONCE))])
    found = feed(engine, [reading(0, 0.2)])
    _shelve(engine, 600.0)

    found += feed(engine, every(10, (0.2, 1), (0.0, 1), (0.2, 1), (0.0, 1))[1:])

    assert told(found) == [("open", "blue", 0.0), ("end", "blue", 10.0)]


def test_alertmanager_2896_what_still_holds_is_told_when_the_silence_ends() -> None:
    """At once, with its own onset, without another sample that would change anything."""
    engine = Engine([pack(rule(ladder=AT_ONCE))])
    engine.apply(reading(-1, 0.0), T0)
    _shelve(engine, 60.0)
    quiet = feed(engine, [reading(10, 0.2), reading(50, 0.2)])

    found = engine.tick(T0 + 60.0)

    assert quiet == []
    assert [(one.phase.value, one.onset_at) for one in found] == [("open", T0 + 10.0)]


INHIBITED = pack(
    rule(id="flood", event={"type": "water.flood", "inhibits": ["ponding"]},
         ladder=[step("red", "depth_m >= 40 cm")]),
    rule(id="ponding", ladder=AT_ONCE),
)  # fmt: skip


def test_alertmanager_979_what_is_suppressed_is_shown_with_its_reason() -> None:
    """Which key, since when, at which level, because of which rule."""
    engine = Engine([INHIBITED])
    feed(engine, [reading(0, 0.5)])

    (one,) = engine.suppressed()

    assert (one.rule, one.key, one.by) == ("ponding", {"subject": "pond-1"}, "flood")
    assert (one.since, one.level.value) == (T0, "blue")


def test_alertmanager_4064_a_restart_tells_nothing_that_is_inhibited() -> None:
    """What keeps an event quiet is known again before anything is judged."""
    engine = Engine([INHIBITED])
    feed(engine, [reading(0, 0.5)])

    again = restarted(engine, [INHIBITED])

    assert feed(again, [reading(10, 0.45), reading(20, 0.5)], ticks=True) == []
    assert len(again.suppressed()) == 1


def test_ekuiper_530_old_data_is_replayed_as_it_was() -> None:
    """A week-old stream fed today is neither late as a whole nor cut in its first window (#1976)."""
    let = {"mean": {"agg": "mean", "of": "depth_m", "window": {"tumbling": "60s"}}}
    packs = [pack(rule(let=let, ladder=[step("blue", "mean >= 20 cm")]))]
    samples, engine = every(10, (0.3, 20), (0.0, 20)), Engine(packs)

    old = [one for sample in samples for one in engine.apply(sample, T0 + 604_800.0)]

    assert feed(Engine(packs), samples) == old
    assert engine.counters["late"] == 0


def test_grafana_16616_history_is_judged_by_the_very_engine() -> None:
    """What would have fired is found by no second implementation: fed with history the engine says the same (kibana#49411)."""
    samples = every(10, (0.2, 12), (0.3, 12), (0.0, 60))
    live = Engine([pack()])
    spoken = [
        one for sample in samples for one in (*live.tick(sample.at), *live.apply(sample, sample.at))
    ]

    replayed = feed(Engine([pack()]), samples)

    assert [(one.event_id, one.rev, one.at) for one in spoken] == [
        (one.event_id, one.rev, one.at) for one in replayed
    ]


def test_a_new_boots_readings_before_the_old_boots_last_ones() -> None:
    """A killed box's last readings may be journalled after its first new ones; the past is put right."""
    packs = [pack(rule(ladder=BLUE))]
    old_boot, new_boot = every(10, (0.2, 8)), [reading(80 + 10 * i, 0.0) for i in range(40)]
    held_back, engine = old_boot[3:], Engine(packs)

    found = feed(engine, [*old_boot[:3], *new_boot[:2]])
    found += [one for sample in held_back for one in engine.apply(sample, T0 + 95.0)]
    found += feed(engine, new_boot[2:])
    expected = feed(Engine(packs), [*old_boot, *new_boot])

    assert [(one.event_id, one.onset_at, one.ended_at) for one in (found[-1],)] == [
        (one.event_id, one.onset_at, one.ended_at) for one in (expected[-1],)
    ]
    assert engine.counters["late"] == 0


def test_an_alarm_that_a_late_reading_disproves_is_withdrawn() -> None:
    """Nobody waited for it; when it comes, people are told that there was nothing."""
    engine = Engine([pack(rule(ladder=BLUE))])
    found = feed(engine, [reading(at, 0.2) for at in (0, 10, 20, 40, 50, 60)])

    found += engine.apply(reading(30, 0.0), T0 + 61.0)

    assert [(one.phase.value, one.rev, WITHDRAWN in one.cause.flags) for one in found] == [
        ("open", 0, False),
        ("end", 1, True),
    ]
