"""The engine over tracks, counts and observations: subjects that come, vanish and return."""

import pytest

from rules.engine import FORGET_S, Engine
from rules.sample import Sample
from rules.standing import STANDING_KEY
from tests.unit.rules.scenario import T0, feed, pack, rule, seen, step, told

PARKING = rule(
    id="parking",
    event={"type": "traffic.illegal_parking"},
    watch={"stream": "tracks", "class": ["car", "truck"], "zone_kind": "no_parking"},
    key=["camera", "zone", "track"],
    ladder=[step("blue", "dwell_s > 60 s", clear="dwell_s < 1 s")],
)
BRIDGED = {**PARKING, "gap": "30s"}
BLOCKED = rule(
    id="blocked",
    event={"type": "fire.lane_blocked"},
    watch={"stream": "observations", "kind": "zone_dwell"},
    key=["camera", "zone"],
    ladder=[step("yellow", when=True), step("red", when=True, for_="3m")],
)


def track(at: float, dwell_s: float, *, ended: bool = False, label: str = "car") -> Sample:
    """Return a track in a no-parking zone."""
    keys = {"zone": "z1", "zone_kind": "no_parking", "track": "7", "class": label}
    return seen("tracks", at, keys, ended=ended, dwell_s=dwell_s, confidence=0.9)


def stay(at: float, observation: str, *, ended: bool = False, kind: str = "zone_dwell") -> Sample:
    """Return an observation in a zone."""
    keys = {"zone": "z1", "observation": observation, "kind": kind}
    return seen("observations", at, keys, ended=ended, dwell_s=1.0, confidence=0.9)


def test_a_track_that_falls_silent_is_gone() -> None:
    """Twenty seconds after its last sample a track's episode ends, as of that sample."""
    engine = Engine([pack(PARKING)])
    found = feed(engine, [track(0, 61.0)])

    still, gone = engine.tick(T0 + 19.9), engine.tick(T0 + 20.0)

    assert (told(found), still) == ([("open", "blue", 0.0)], [])
    assert told(gone) == [("end", "blue", 20.0)]
    assert gone[0].ended_at == T0


def test_a_track_that_ends_ends_its_episode_at_once() -> None:
    """Without a gap the end of a subject ignores ``clear_for``."""
    found = feed(Engine([pack(PARKING)]), [track(0, 61.0), track(5, 66.0, ended=True)])

    assert told(found) == [("open", "blue", 0.0), ("end", "blue", 5.0)]


def test_a_gap_bridges_a_lost_track() -> None:
    """A track that returns within the gap goes on in the same episode."""
    engine = Engine([pack(BRIDGED)])
    samples = [track(0, 61.0), track(5, 66.0, ended=True), track(30, 91.0), track(50, 111.0)]

    assert told(feed(engine, samples, ticks=True)) == [("open", "blue", 0.0)]


def test_a_gap_that_passes_ends_the_episode() -> None:
    """The end comes when the gap is over, dated to when the track was lost."""
    engine = Engine([pack(BRIDGED)])
    feed(engine, [track(0, 61.0), track(5, 66.0, ended=True)])

    found = engine.tick(T0 + 40.0)

    assert told(found) == [("end", "blue", 35.0)]
    assert found[0].ended_at == T0 + 5.0


def test_a_return_after_the_gap_is_a_new_episode() -> None:
    """Also when no tick came in between."""
    engine = Engine([pack(BRIDGED)])

    found = feed(engine, [track(0, 61.0), track(5, 66.0, ended=True), track(60, 120.0)])

    assert told(found) == [("open", "blue", 0.0), ("end", "blue", 35.0), ("open", "blue", 60.0)]
    assert [breach.rev for breach in found] == [0, 1, 0]


@pytest.mark.parametrize(
    "sample",
    [
        track(0, 99.0, label="bicycle"),
        seen("tracks", 0, {"zone": "z1", "zone_kind": "square", "track": "7", "class": "car"}),
        seen("tracks", 0, {"track": "7", "class": "car"}),
    ],
    ids=["class", "zone kind", "no zone"],
)
def test_what_the_filters_exclude_is_not_judged(sample: Sample) -> None:
    """Other classes, other zones and tracks outside all zones leave no state."""
    engine = Engine([pack(PARKING)])

    assert (engine.apply(sample, T0), engine.key_count) == ([], 0)


def test_an_observation_holds_until_it_ends() -> None:
    """An observation needs no repetition: its ladder goes on by the clock."""
    engine = Engine([pack(BLOCKED)])
    found = engine.apply(stay(0, "a"), T0)

    found += engine.tick(T0 + 180.0)
    found += engine.tick(T0 + 4000.0)
    found += engine.apply(stay(5000, "a", ended=True), T0 + 5000.0)

    assert told(found) == [
        ("open", "yellow", 0.0),
        ("update", "red", 180.0),
        ("end", "red", 5000.0),
    ]


def test_a_shared_key_ends_with_its_last_observation() -> None:
    """Two vehicles in one fire lane are one episode, until the second has left as well."""
    engine = Engine([pack(BLOCKED)])
    samples = [stay(0, "a"), stay(10, "b"), stay(20, "a", ended=True), stay(30, "b", ended=True)]

    assert told(feed(engine, samples)) == [("open", "yellow", 0.0), ("end", "yellow", 30.0)]


def test_an_end_that_comes_late_still_counts() -> None:
    """That an observation is over is not lost to another one of the same key."""
    engine = Engine([pack(BLOCKED)])
    samples = [stay(0, "a"), stay(10, "b"), stay(30, "b", ended=True), stay(20, "a", ended=True)]

    assert told(feed(engine, samples)) == [("open", "yellow", 0.0), ("end", "yellow", 30.0)]


def test_an_observation_that_starts_and_ends_at_once_makes_both_statements() -> None:
    """A crossing is an event of no duration, not none."""
    found = feed(Engine([pack(BLOCKED)]), [stay(0, "a", ended=True)])

    assert told(found) == [("open", "yellow", 0.0), ("end", "yellow", 0.0)]


def test_two_episodes_in_one_instant_share_an_id_and_go_on_in_revisions() -> None:
    """(event id, rev) never repeats, even where rule, key and onset do."""
    samples = [stay(0, "a", ended=True), stay(0, "b", ended=True)]

    found = feed(Engine([pack(BLOCKED)]), samples)

    assert [breach.rev for breach in found] == [0, 1, 2, 3]
    assert len({breach.event_id for breach in found}) == 1


def test_other_kinds_of_observation_are_left_alone() -> None:
    """A rule of one kind is not shown another."""
    engine = Engine([pack(BLOCKED)])

    engine.apply(stay(0, "a", kind="left_object"), T0)

    assert (engine.key_count, engine.counters["unwatched"]) == (0, 1)


def test_a_rule_without_kind_reads_them_all() -> None:
    """Beside a rule of one kind, a general one gets that kind too, and every other."""
    general = {**BLOCKED, "id": "any", "watch": {"stream": "observations"}}
    engine = Engine([pack(BLOCKED, general)])

    found = engine.apply(stay(0, "a"), T0)
    found += engine.apply(stay(1, "b", kind="left_object"), T0 + 1.0)

    assert [breach.rule for breach in found] == ["blocked", "any"]


def test_passing_subjects_leave_no_state_behind() -> None:
    """Ten minutes after it was gone a track is forgotten, here and in the checkpoint."""
    engine = Engine([pack(PARKING)])
    feed(engine, [track(0, 1.0)])
    names = [name for name in engine.take_dirty() if name != STANDING_KEY]

    engine.tick(T0 + FORGET_S)
    gone = {name: blob for name, blob in engine.take_dirty().items() if name != STANDING_KEY}

    assert len(names) == 2
    assert (0, dict.fromkeys(names)) == (engine.key_count, gone)


def test_counts_are_judged_by_zone() -> None:
    """A zone's figures are a stream like any other; units of quotients are checked."""
    crowd = rule(
        id="crowd",
        event={"type": "crowd.density"},
        watch={"stream": "counts", "zone_kind": "square"},
        key=["zone"],
        ladder=[step("blue", "people / area_m2 >= 2.0 1/m2", for_="10s")],
    )
    keys = {"zone": "plaza", "zone_kind": "square"}
    samples = [seen("counts", at, keys, people=50.0, area_m2=20.0) for at in (0.0, 5.0, 10.0)]

    assert told(feed(Engine([pack(crowd)]), samples)) == [("open", "blue", 10.0)]
