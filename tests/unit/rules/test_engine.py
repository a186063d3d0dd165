"""The engine over readings: delays, hysteresis, ids, ticks, late and broken input."""

import math

import pytest

from contracts.ids import episode_id
from contracts.readings import moment
from rules.engine import Engine
from rules.errors import PackError
from rules.statement import CLOCK_AHEAD
from tests.unit.rules.scenario import T0, WATERLOGGING, feed, pack, reading, rule, step, told


def _series(*spans: tuple[float, int], every_s: float = 10.0) -> list[tuple[float, float]]:
    depths = [depth for depth, count in spans for _ in range(count)]
    return [(index * every_s, depth) for index, depth in enumerate(depths)]


def test_it_opens_steps_up_steps_down_and_ends() -> None:
    """One episode goes through its levels both ways, each at its exact event time."""
    series = _series((0.0, 1), (0.2, 7), (0.3, 10), (0.2, 40), (0.0, 40))

    found = feed(Engine([pack()]), [reading(at, depth) for at, depth in series])

    assert told(found) == [
        ("open", "blue", 70.0),
        ("update", "yellow", 140.0),
        ("update", "blue", 480.0),
        ("end", "blue", 880.0),
    ]
    assert [breach.rev for breach in found] == [0, 1, 2, 3]
    assert len({breach.event_id for breach in found}) == 1


def test_an_episode_is_named_by_rule_key_and_onset() -> None:
    """The id is that of the first moment at which the opening step's condition was true."""
    found = feed(Engine([pack()]), [reading(at, depth) for at, depth in _series((0.2, 8))])

    expected = episode_id("waterlogging", {"subject": "pond-1"}, moment(T0))
    assert [(expected, T0)] == [(breach.event_id, breach.onset_at) for breach in found]


def test_the_end_carries_when_it_really_ended() -> None:
    """``ended_at`` is when the clear condition became true, ``at`` when it had lasted."""
    series = _series((0.2, 8), (0.0, 40))

    end = feed(Engine([pack()]), [reading(at, depth) for at, depth in series])[-1]

    assert (end.ended_at, end.at) == (T0 + 80.0, T0 + 380.0)


def test_a_dip_below_when_but_above_clear_changes_nothing() -> None:
    """Between the two thresholds an open step stays and a pending one starts over."""
    engine = Engine([pack()])
    series = _series((0.2, 4), (0.13, 1), (0.2, 8), (0.13, 60))

    found = feed(engine, [reading(at, depth) for at, depth in series])

    assert told(found) == [("open", "blue", 110.0)]


def test_a_spike_shorter_than_for_is_nothing() -> None:
    """What does not last does not count."""
    series = _series((0.5, 5), (0.0, 20))

    assert feed(Engine([pack()]), [reading(at, depth) for at, depth in series]) == []


def test_a_jump_opens_at_the_top() -> None:
    """Three steps that are fulfilled together make one statement."""
    found = feed(Engine([pack()]), [reading(at, 0.5) for at, _ in _series((0.0, 8))])

    assert told(found) == [("open", "red", 60.0)]


def test_a_tick_ends_a_delay_while_the_value_is_fresh() -> None:
    """Without another sample the clock decides, at the exact deadline."""
    engine = Engine([pack(rule(ladder=[step("blue", "depth_m > 0.1", for_="20s")]))])
    engine.apply(reading(0, 0.2), T0 + 3.0)

    early, due = engine.tick(T0 + 22.9), engine.tick(T0 + 23.0)

    assert (told(early), told(due)) == ([], [("open", "blue", 20.0)])
    assert due[0].cause.tick


def test_a_tick_does_not_trust_a_stale_value() -> None:
    """Past 2.5 cadences (25 s here) silence proves nothing; the next sample decides."""
    engine = Engine([pack()])
    engine.apply(reading(0, 0.2), T0)

    silent = engine.tick(T0 + 500.0)
    later = engine.apply(reading(510, 0.2), T0 + 510.0)

    assert (told(silent), told(later)) == ([], [("open", "blue", 510.0)])


def test_a_tick_after_many_samples_still_finds_the_deadline() -> None:
    """A deadline that was out of reach when the delay began comes into reach with fresh samples."""
    engine = Engine([pack()])
    feed(engine, [reading(at, 0.2) for at in (0, 10, 20, 30, 40, 50)])

    assert told(engine.tick(T0 + 60.0)) == [("open", "blue", 60.0)]


def test_a_late_batch_does_not_fire_at_once() -> None:
    """Data two hours old is judged by its own times, not by when it arrives.

    ThingsBoard measures wall clock minus data time and fires on the first such row.
    """
    engine = Engine([pack()])
    now = T0 + 7200.0
    samples = [reading(at, depth) for at, depth in _series((0.2, 3), (0.0, 3))]

    found = [breach for sample in samples for breach in engine.apply(sample, now)]
    found += engine.tick(now + 1.0)

    assert found == []


def test_a_late_batch_gives_the_events_of_its_own_time() -> None:
    """The same data late or in time makes the same statements."""
    samples = [reading(at, depth) for at, depth in _series((0.2, 12), (0.0, 40))]

    in_time, late = feed(Engine([pack()]), samples), feed(Engine([pack()]), samples, lag=9000.0)

    assert in_time == late


def test_a_sample_later_than_allowed_is_counted_and_ignored() -> None:
    """Too late for its place, a sample does not disturb what is pending."""
    engine = Engine([pack(rule(late={"allow": "5s"}))])

    found = feed(engine, [reading(at, depth) for at, depth in
                          [(0, 0.2), (30, 0.2), (20, 0.0), (40, 0.2), (60, 0.2)]])  # fmt: skip

    assert told(found) == [("open", "blue", 60.0)]
    assert (engine.counters["late"], engine.counters["reordered"]) == (1, 0)


def test_a_clock_ahead_is_judged_at_arrival_and_moves_nobody_else() -> None:
    """A sample from two hours ahead is taken as of now, and flagged."""
    engine = Engine([pack(rule(ladder=[step("blue", "depth_m > 0.1", for_="0s")]))])

    wrong = engine.apply(reading(7200, 0.2), T0)
    right = engine.apply(reading(10, 0.2, subject="pond-2"), T0 + 10.0)
    again = engine.apply(reading(20, 0.0), T0 + 20.0)

    assert told(wrong) == [("open", "blue", 0.0)]
    assert (wrong[0].cause.flags, right[0].cause.flags) == ((CLOCK_AHEAD,), ())
    assert (told(right), told(again)) == ([("open", "blue", 10.0)], [("end", "blue", 20.0)])
    assert engine.counters["ahead"] == 1


def test_unknown_neither_fires_nor_clears() -> None:
    """A NaN freezes what is pending; the next known value goes on where it stood."""
    engine = Engine([pack()])
    samples = [reading(0, 0.2), reading(20, math.nan), reading(80, math.nan), reading(90, 0.2)]

    found = feed(engine, samples, ticks=True)
    found += engine.apply(reading(100, math.nan), T0 + 100.0)
    found += engine.tick(T0 + 4000.0)

    assert told(found) == [("open", "blue", 90.0)]


def test_a_reading_without_the_rules_field_is_no_news() -> None:
    """A rule looks only at samples that carry one of its fields."""
    engine = Engine([pack()])

    assert engine.apply(reading(0, site_note="x"), T0) == []
    assert (engine.key_count, len(engine.take_dirty())) == (0, 0)


def test_fields_from_different_messages_are_put_together() -> None:
    """The last value of each field counts, while it is fresh."""
    watch = {"profile": "manhole"}
    ladder = [step("red", "tilt_deg > 15 deg && cover_open")]
    engine = Engine([pack(rule(watch=watch, ladder=ladder))])

    found = engine.apply(reading(0, profile="manhole", cover_open=True), T0)
    found += engine.apply(reading(60, profile="manhole", tilt_deg=30.0), T0 + 60.0)

    assert told(found) == [("open", "red", 60.0)]
    assert found[0].cause.values == {"tilt_deg": 30.0, "cover_open": True}


def test_a_stale_field_is_unknown() -> None:
    """A value older than 2.5 cadences no longer stands for the present."""
    ladder = [step("red", "tilt_deg > 15 deg && cover_open")]
    engine = Engine([pack(rule(watch={"profile": "manhole"}, ladder=ladder))])

    engine.apply(reading(0, profile="manhole", cover_open=True), T0)
    late = engine.apply(reading(9100, profile="manhole", tilt_deg=30.0), T0 + 9100.0)

    assert late == []


def test_fields_of_one_moment_in_two_samples_are_merged() -> None:
    """Equal times add up instead of counting as late."""
    ladder = [step("red", "tilt_deg > 15 deg && cover_open")]
    engine = Engine([pack(rule(watch={"profile": "manhole"}, ladder=ladder))])

    engine.apply(reading(0, profile="manhole", cover_open=True), T0)
    found = engine.apply(reading(0, profile="manhole", tilt_deg=30.0), T0)

    assert told(found) == [("open", "red", 0.0)]


def test_where_that_fails_counts_as_not_breaching() -> None:
    """``where`` is part of every condition: without it nothing fires, and what was open clears."""
    watch, where = {"profile": "noise"}, 'source == "construction"'
    ladder = [step("blue", "dba > 70 dBA", clear="dba < 60 dBA")]
    engine = Engine([pack(rule(watch=watch, where=where, ladder=ladder))])
    rows = [("traffic", 0), ("construction", 1), ("traffic", 2)]

    found = feed(engine, [reading(at, profile="noise", dba=90.0, source=s) for s, at in rows])

    assert told(found) == [("open", "blue", 1.0), ("end", "blue", 2.0)]


def test_keys_are_judged_each_for_itself() -> None:
    """One pond's water does not count for another."""
    engine = Engine([pack()])
    samples = [reading(at, 0.2, subject=f"pond-{at // 10 % 2}") for at in range(0, 130, 10)]

    assert [breach.key for breach in feed(engine, samples)] == [
        {"subject": "pond-0"},
        {"subject": "pond-1"},
    ]


def test_a_sample_without_the_rules_key_is_counted() -> None:
    """What cannot be filed under a key is not judged."""
    engine = Engine([pack(rule(key=["site"]))])
    sample = reading(0, 0.9)
    sample.keys.pop("site")

    assert (engine.apply(sample, T0), engine.counters["unkeyed"]) == ([], 1)


def test_a_sample_that_no_rule_reads_is_counted() -> None:
    """Profiles without rules cost nothing but a number."""
    engine = Engine([pack()])

    engine.apply(reading(0, profile="noise", dba=50.0), T0)

    assert engine.counters["unwatched"] == 1


def test_titles_are_filled_from_the_deciding_sample() -> None:
    """Names of fields and keys stand for their values; what is absent shows as a question mark."""
    title = {"zh": "{site} 积水 {depth_m:.2f} 米", "en": "{subject}: {depth_m} m"}
    event = {"type": "water.ponding", "title": title, "dedupe": ["site"]}
    engine = Engine([pack(rule(event=event, ladder=[step("blue", "depth_m > 0.1")]))])

    breach = engine.apply(reading(0, 0.25), T0)[0]

    assert (breach.title.zh, breach.title.en) == ("site-1 积水 0.25 米", "pond-1: 0.25 m")
    assert breach.dedupe == "water.ponding|site=site-1"


def test_a_cause_names_condition_values_and_message() -> None:
    """A breach can be explained from what it carries."""
    engine = Engine([pack(rule(ladder=[step("blue", "depth_m > 10 cm")]))])

    cause = engine.apply(reading(7, 0.25), T0 + 7.0)[0].cause

    assert (cause.expression, cause.values) == ("depth_m > 10 cm", {"depth_m": 0.25})
    assert cause.message == "box-1/0000000000000000/readings/7"


def test_a_new_episode_gets_a_new_id() -> None:
    """After an end the next breach is another event, from rev 0."""
    engine = Engine([pack(rule(ladder=[step("blue", "depth_m > 0.1")]))])

    found = feed(engine, [reading(at, depth) for at, depth in [(0, 1), (1, 0), (2, 1), (3, 0)]])

    assert [breach.rev for breach in found] == [0, 1, 0, 1]
    assert len({breach.event_id for breach in found}) == 2


def test_two_packs_may_not_declare_the_same_rule() -> None:
    """Rule ids are unique over all packs."""
    with pytest.raises(PackError, match="waterlogging"):
        Engine([pack(WATERLOGGING), pack(WATERLOGGING)])


def test_a_repeating_step_opens_the_last_time_round() -> None:
    """A bin must be reported full three times within the hour; being full all the time is once."""
    ladder = [
        {
            **step("blue", "depth_m > 0.5", clear="depth_m < 0.1"),
            "repeat": {"count": 3, "within": "1h"},
        }
    ]
    engine = Engine([pack(rule(ladder=ladder))])
    series = [(0, 1.0), (600, 1.0), (1200, 0.3), (1800, 1.0), (2400, 0.3), (3000, 1.0)]

    found = feed(engine, [reading(at, depth) for at, depth in series])

    assert told(found) == [("open", "blue", 3000.0)]
    assert found[0].onset_at == T0
