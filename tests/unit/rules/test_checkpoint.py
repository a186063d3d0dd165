"""Snapshots, digests and the replacement of packs in mid-episode."""

import pytest

from rules.engine import Engine
from rules.errors import PackError
from rules.trail import TRAIL_KEY
from tests.unit.rules.scenario import (
    T0,
    WATERLOGGING,
    feed,
    pack,
    reading,
    rule,
    step,
    told,
)


def restarted(engine: Engine) -> Engine:
    """Return a new engine with the state of another, as after a crash."""
    blobs = {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
    fresh = Engine([pack()])
    fresh.restore(blobs)
    return fresh


def test_a_restart_in_mid_for_loses_nothing() -> None:
    """The delay goes on from where it began, not from the restart."""
    engine = Engine([pack()])
    feed(engine, [reading(0, 0.2), reading(10, 0.2)])

    engine = restarted(engine)

    assert told(feed(engine, [reading(20, 0.2), reading(60, 0.2)])) == [("open", "blue", 60.0)]


def test_a_restart_keeps_the_timers() -> None:
    """A tick after the restart ends a delay that began before it."""
    engine = Engine([pack()])
    feed(engine, [reading(at, 0.2) for at in (0, 20, 40)])

    assert told(restarted(engine).tick(T0 + 60.0)) == [("open", "blue", 60.0)]


def test_a_restart_keeps_id_and_revision() -> None:
    """The episode that was open goes on under its id with the next rev."""
    engine = Engine([pack()])
    first = feed(engine, [reading(at, 0.2) for at in range(0, 80, 10)])

    second = feed(restarted(engine), [reading(at, 0.3) for at in range(80, 160, 10)])

    assert told(second) == [("update", "yellow", 140.0)]
    assert (first[0].event_id, 1) == (second[0].event_id, second[0].rev)


def test_a_restart_moves_no_timer() -> None:
    """The first sample after a restart sets the timer no otherwise than it would have without one."""
    whole, engine = Engine([pack()]), Engine([pack()])
    for one in (whole, engine):
        one.apply(reading(-1, 0.16), T0)

    engine = restarted(engine)
    for one in (whole, engine):
        one.apply(reading(0, 0.16), T0)

    assert engine.digest() == whole.digest()


def test_the_digest_is_the_same_after_a_restart() -> None:
    """Equal states give equal digests; another state another one."""
    engine = Engine([pack()])
    feed(engine, [reading(at, 0.2) for at in range(0, 80, 10)])
    digest = engine.digest()

    again = restarted(engine)

    assert digest == again.digest()
    feed(again, [reading(80, 0.2)])
    assert digest != again.digest()


def test_only_what_changed_is_dirty() -> None:
    """A checkpoint holds the keys that were touched since the one before."""
    engine = Engine([pack()])
    feed(engine, [reading(0, 0.0, subject=name) for name in ("pond-1", "pond-2")])
    first = engine.take_dirty()
    feed(engine, [reading(10, 0.0, subject="pond-2")])

    trail = f"{TRAIL_KEY}\x1fwater_level\x1fpond-"
    assert sorted(first) == [
        f"{trail}1",
        f"{trail}2",
        "waterlogging\x1fpond-1",
        "waterlogging\x1fpond-2",
    ]
    assert sorted(engine.take_dirty()) == [f"{trail}2", "waterlogging\x1fpond-2"]
    assert engine.take_dirty() == {}


def test_idle_keys_are_small() -> None:
    """A key with nothing pending takes less than 100 bytes in a checkpoint."""
    engine = Engine([pack()])
    feed(engine, [reading(0, 0.0)])

    blob = engine.take_dirty()["waterlogging\x1fpond-1"]

    assert blob is not None
    assert len(blob) < 100


@pytest.mark.parametrize(
    ("name", "blob"),
    [
        ("waterlogging\x1fpond-1", b"\x00garbage"),
        ("waterlogging\x1fpond-1", b"\x90"),
        ("waterlogging\x1fpond-1\x1ftwo", b""),
        ("gone\x1fpond-1", b""),
    ],
    ids=["garbage", "empty", "other key", "unknown rule"],
)
def test_a_broken_snapshot_is_counted_not_followed(name: str, blob: bytes) -> None:
    """What cannot be restored is left out, and the engine runs."""
    engine = Engine([pack()])

    engine.restore({name: blob})

    assert (engine.key_count, engine.counters["bad_state"]) == (0, 1)


def test_a_new_version_keeps_what_is_pending_and_open() -> None:
    """A changed threshold in mid-episode changes neither event id nor revision count."""
    engine = Engine([pack()])
    first = feed(engine, [reading(at, 0.2) for at in range(0, 80, 10)])
    newer = rule(version="2", ladder=[step("blue", "depth_m > 5 cm"), WATERLOGGING["ladder"][1]])

    ended = engine.replace([pack(newer)])
    second = feed(engine, [reading(at, 0.3) for at in range(80, 160, 10)])

    assert ended == []
    assert told(second) == [("update", "yellow", 140.0)]
    assert (first[0].event_id, 1, "2") == (
        second[0].event_id,
        second[0].rev,
        second[0].rule_version,
    )


def test_a_level_that_a_new_version_lacks_is_left() -> None:
    """An open episode whose level is gone goes to the level that now holds."""
    engine = Engine([pack()])
    feed(engine, [reading(at, 0.5) for at in range(0, 80, 10)])

    found = engine.replace([pack(rule(ladder=WATERLOGGING["ladder"][:2]))], now=T0 + 75.0)
    found += feed(engine, [reading(80, 0.5)])

    assert told(found) == [("update", "yellow", 75.0)]


def test_an_episode_without_any_level_left_ends() -> None:
    """A new version that knows none of the held levels ends what was open."""
    engine = Engine([pack()])
    feed(engine, [reading(at, 0.2) for at in range(0, 80, 10)])

    found = engine.replace([pack(rule(ladder=WATERLOGGING["ladder"][1:]))], now=T0 + 75.0)

    assert told(found) == [("end", "blue", 75.0)]


def test_a_rule_that_is_gone_ends_its_episodes() -> None:
    """Nothing stays open for a rule that no longer exists."""
    engine = Engine([pack()])
    feed(engine, [reading(at, 0.2) for at in range(0, 80, 10)])

    ended = engine.replace([pack(rule(id="other"))], now=T0 + 75.0)

    assert told(ended) == [("end", "blue", 75.0)]
    assert (engine.key_count, list(engine.take_dirty().values())) == (0, [None])


def test_a_failed_replacement_leaves_the_packs_in_force() -> None:
    """Packs that clash are refused as a whole."""
    engine = Engine([pack()])

    with pytest.raises(PackError):
        engine.replace([pack(rule(id="a")), pack(rule(id="a"))])

    found = feed(engine, [reading(at, 0.2) for at in range(0, 70, 10)])
    assert told(found) == [("open", "blue", 60.0)]


def test_a_snapshot_of_another_ladder_is_fitted_by_level() -> None:
    """A checkpoint written under an older version of the rule is read level by level."""
    engine = Engine([pack()])
    feed(engine, [reading(at, 0.5) for at in range(0, 80, 10)])
    blobs = {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
    fresh = Engine([pack(rule(ladder=WATERLOGGING["ladder"][1:]))])

    fresh.restore(blobs)

    assert feed(fresh, [reading(80, 0.5)]) == []
    assert (fresh.key_count, fresh.counters["bad_state"]) == (1, 0)
