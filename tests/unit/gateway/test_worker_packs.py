"""Rule packs at the gateway: put in force when good, refused with line and column when not."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.errors import PacksError
from tests.unit.gateway.city import PACK, City, pressed


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a gateway over the in-memory hub."""
    return City(tmp_path)


def test_changed_pack_is_put_in_force_and_a_bad_one_keeps_the_running(city: City) -> None:
    """A broken edit is refused with line and column; the rules go on."""
    city.step(1.0)
    city.pack_file.write_text(PACK.replace("depth_m >= 40 cm", "depth_m >= 40 kPa"))
    with capture_logs() as logs:
        city.step(1.0)
    refused = [log["error"] for log in logs if log["event"] == "packs_refused"]
    city.flood(7)
    city.pack_file.write_text(PACK.replace("for: 0s, clear_for: 0s", "for: 0s, clear_for: 1s"))
    city.step(1.0)

    assert len(refused) == 1
    assert f"{city.pack_file}:" in refused[0]
    assert city.api.names() == [
        ("system.rules_rejected", "open", "yellow"),
        ("waterlogging", "open", "red"),
        ("system.rules_rejected", "end", "yellow"),
    ]
    assert city.gateway.worker.counters["packs_refused"] == 1
    assert city.gateway.worker.counters["packs_loaded"] == 2


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("when: depth_m >= 15 cm", "when: dept_m >= 15 cm", "dept_m"),
        ("when: depth_m >= 15 cm", "when: depth_m >= 15 furlong", "furlong"),
        ("when: depth_m >= 15 cm", "when: depth_m >= 15 Cel", "Cel"),
        ("key: [subject]", "kay: [subject]", "kay"),
    ],
    ids=["unknown field", "unknown unit", "unit of another dimension", "unknown key"],
)
def test_gateway_refuses_to_start_on_a_bad_pack(
    tmp_path: Path, before: str, after: str, expected: str
) -> None:
    """Without rules in force there is nothing to fall back to: say file, line and column."""
    with pytest.raises(PacksError) as caught:
        City(tmp_path, pack=PACK.replace(before, after, 1))

    assert expected in str(caught.value)
    assert f"{tmp_path / 'pack.yaml'}:" in str(caught.value)


def test_restarted_gateway_keeps_the_journalled_rules_when_the_file_is_broken(
    city: City,
) -> None:
    """A crash must not turn a bad edit into an outage."""
    city.run(3)
    city.pack_file.write_text("rules: 7")
    city.restart()
    city.send(pressed(0, city.clock.now()))
    city.step()

    assert city.api.names() == [
        ("system.rules_rejected", "open", "yellow"),
        ("alarm", "open", "red"),
    ]


def _rejections(city: City) -> list[tuple[str, int]]:
    return [
        (event.phase.value, event.rev)
        for event in city.api.events
        if event.event_type == "system.rules_rejected"
    ]


def test_refused_packs_are_an_event_until_they_are_good_again(city: City) -> None:
    """One event with a revision for each other fault; putting the old file back ends it too."""
    city.step(1.0)
    for text in ("rules: 7", "rules: 7", "rules: [", PACK):
        city.pack_file.write_text(text)
        city.step(1.0)

    assert _rejections(city) == [("open", 0), ("update", 1), ("end", 2)]
    (event_id,) = {event.event_id for event in city.api.events}
    assert "pack.yaml:1:8" in city.api.events[0].title.en
    assert city.gateway.worker.counters["packs_loaded"] == 1
    assert event_id == city.api.events[0].event_id


@pytest.mark.parametrize("checkpoint_every_s", [0.5, 1_000.0], ids=["saved", "from the journal"])
def test_a_restart_does_not_tell_a_refusal_twice(tmp_path: Path, checkpoint_every_s: float) -> None:
    """The open event is part of the state; the same fault at the start is the same event."""
    city = City(tmp_path, checkpoint_every_s=checkpoint_every_s)
    city.step(1.0)
    city.pack_file.write_text("rules: 7")
    city.step(1.0)
    city.run(3)
    city.restart()
    city.step(1.0)
    city.pack_file.write_text(PACK)
    city.step(1.0)

    assert _rejections(city) == [("open", 0), ("end", 1)]
