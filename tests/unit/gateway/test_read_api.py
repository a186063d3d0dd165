"""The read API: the curve behind an alarm."""

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from gateway.__main__ import main
from gateway.config import MetricsConfig
from gateway.metrics_server import MetricsServer
from gateway.read_api import Answer
from gateway.read_bootstrap import read_api
from gateway.series import pick_step
from tests.unit.gateway.city import GATES, PACK, City, later, reading

Get = Callable[..., Any]


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a city in which a street was under water for three minutes."""
    city = City(tmp_path, pack=PACK + GATES)
    for number in range(40):
        city.send(reading(number, city.clock.now(), 0.5 if 10 <= number < 30 else 0.01))
        city.run(10)
    return city


@pytest.fixture
def get(city: City) -> Iterator[Get]:
    """Yield a getter of documents."""
    config = replace(city.config, metrics=MetricsConfig())
    api = read_api(config, city.gateway)

    def ask(query: str = "", device: str = "water-1", **changes: Any) -> Any:
        found = api.answer(f"/v1/devices/{device}/series{query}", None)
        assert found is not None
        return json.loads(found.body) if changes.get("body", True) else found

    yield ask
    city.gateway.close()


RANGE = f"?from={later(0).isoformat()}&to={later(400).isoformat()}"


def test_values_come_with_profile_unit_and_range(get: Get) -> None:
    """Few values are told one by one, in order."""
    series = get(RANGE)

    assert (series["profile"], series["metric"], series["unit"]) == ("water_level", "depth_m", "m")
    assert [value for _, value in series["values"]][:12] == [0.01] * 10 + [0.5] * 2
    assert len(series["values"]) == 40
    assert "step_s" not in series


def test_many_values_become_steps(get: Get) -> None:
    """A range with more values than were asked for is told in steps that keep the extremes."""
    series = get(RANGE + "&points=10")

    assert series["step_s"] == 60
    assert "values" not in series
    assert sum(step["n"] for step in series["steps"]) == 40
    assert series["steps"][1]["max"] == 0.5
    assert series["steps"][1]["min"] == 0.01


def test_thresholds_are_those_of_the_rules_that_watch_it(get: Get) -> None:
    """Each step's numbers are lines in the picture, in the field's unit."""
    lines = {(t["rule"], t["level"], t["part"]): t["value"] for t in get(RANGE)["thresholds"]}

    assert lines["waterlogging", "blue", "when"] == pytest.approx(0.15)
    assert lines["waterlogging", "red", "clear"] == pytest.approx(0.35)
    assert {rule for rule, _, _ in lines} == {"waterlogging"}


def test_event_is_marked_with_its_highest_level_and_its_span(get: Get) -> None:
    """The alarm stands where it was, from onset to end or open."""
    (mark,) = [one for one in get(RANGE)["events"] if one["rule"] == "waterlogging"]

    assert mark["level"] == "red"
    assert mark["onset_at"] == "2026-07-01T08:01:50Z"  # the first jump failed the spike gate
    assert mark["title"]["en"].startswith("water-1 ponding")


def test_event_outside_the_range_is_not_marked(get: Get) -> None:
    """Only what touches the range is shown."""
    before = f"?from={later(0).isoformat()}&to={later(90).isoformat()}"

    assert "events" not in get(before)


def test_flags_of_quality_gates_stand_beside_the_values(get: Get) -> None:
    """The jump that the gates found is marked at its moment."""
    flags = [flag for flag in get(RANGE)["flags"] if "spike" in flag["flag"]]

    assert flags != []
    assert get(RANGE)["metrics"] == ["depth_m"]


def test_value_beyond_the_sensors_range_is_marked(city: City, get: Get) -> None:
    """What rules did not see is in the curve, and said to be out of range."""
    city.send(reading(40, city.clock.now(), 77.0))
    city.run(2)
    flags = get(f"?from={later(395).isoformat()}&to={later(500).isoformat()}")["flags"]

    assert {"out_of_range", "fail:range"} <= {flag["flag"] for flag in flags}


@pytest.mark.parametrize(
    ("query", "device", "status", "slug"),
    [
        ("?from=yesterday", "water-1", 400, "bad-parameter"),
        ("?from=2026-07-01T00:00:00", "water-1", 400, "bad-parameter"),
        ("?from=2026-07-02T00:00:00Z&to=2026-07-01T00:00:00Z", "water-1", 400, "bad-parameter"),
        ("?points=0", "water-1", 400, "bad-parameter"),
        ("?step=1&from=2026-06-01T00:00:00Z", "water-1", 400, "bad-parameter"),
        ("?colour=red", "water-1", 400, "bad-parameter"),
        ("", "ghost", 404, "unknown-device"),
        ("", "x'; DROP TABLE", 404, "unknown-device"),
    ],
    ids=["words", "no-offset", "reversed", "zero", "too-many", "unknown", "ghost", "no-id"],
)
def test_request_that_cannot_be_answered_says_why(
    get: Get, query: str, device: str, status: int, slug: str
) -> None:
    """Problems are RFC 9457 with a stable slug."""
    answer = get(query, device, body=False)
    problem = json.loads(answer.body)

    assert answer.media_type == "application/problem+json"
    assert (answer.status, problem["status"]) == (status, status)
    assert problem["type"] == f"urn:cityloop:problem:{slug}"


@pytest.mark.parametrize(
    ("host", "key", "given", "status"),
    [
        ("127.0.0.1", None, None, 200),
        ("::1", None, None, 200),
        ("0.0.0.0", None, None, 403),
        ("10.1.2.3", "k", "Bearer k", 200),
        ("127.0.0.1", "k", None, 401),
        ("127.0.0.1", "k", "Bearer K", 401),
        ("127.0.0.1", "", "Bearer ", 401),
    ],
    ids=["loopback", "loopback-6", "open-host", "key", "no-key", "wrong-key", "empty-key"],
)
def test_only_loopback_goes_without_a_key(
    city: City, tmp_path: Path, host: str, key: str | None, given: str | None, status: int
) -> None:
    """Curves of a city are not for everybody who reaches the port."""
    file = tmp_path / "key"
    file.write_text(key or "")
    metrics = MetricsConfig(host=host, api_key_file=None if key is None else str(file))
    api = read_api(replace(city.config, metrics=metrics), city.gateway)
    answer = api.answer("/v1/devices/water-1/series", given)
    city.gateway.close()

    assert isinstance(answer, Answer)
    assert answer.status == HTTPStatus(status)


def test_curve_is_drawn_from_a_running_gateway(city: City, tmp_path: Path) -> None:
    """The command asks over HTTP, with the key, and leaves a picture."""
    (tmp_path / "key").write_text("k")
    metrics = MetricsConfig(port=0, api_key_file=str(tmp_path / "key"))
    api = read_api(replace(city.config, metrics=metrics), city.gateway)
    server = MetricsServer("127.0.0.1", 0, str, lambda: (True, {}), {}, api.answer)
    server.start()
    config = tmp_path / "gateway.yaml"
    document = {
        "state_dir": "x",
        "districts": ["d"],
        "hub": {"client_id": "g"},
        "metrics": {"port": server.port, "api_key_file": str(tmp_path / "key")},
    }
    config.write_text(json.dumps(document))
    span = ["--from", later(0).isoformat(), "--to", later(400).isoformat()]
    picture = tmp_path / "p.png"
    runner = CliRunner()
    arguments = ["--config", str(config), "--out", str(picture), *span]
    drawn = runner.invoke(main, ["plot", "water-1", *arguments])
    ghost = runner.invoke(main, ["plot", "ghost", *arguments])
    server.close()
    city.gateway.close()

    assert drawn.output == f"{picture}: 40 points, 2 events\n"
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert ghost.exit_code == 1
    assert "never heard of" in ghost.output


@pytest.mark.parametrize(
    ("span_s", "points", "expected"),
    [(86_400, 500, 300), (400, 10, 60), (1, 500, 1), (10**9, 10, 604_800)],
    ids=["day", "minutes", "second", "decades"],
)
def test_step_is_the_shortest_that_is_enough(span_s: float, points: int, expected: int) -> None:
    """Steps are lengths that people use."""
    assert pick_step(span_s, points) == expected
