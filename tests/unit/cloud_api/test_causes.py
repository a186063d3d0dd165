"""Why an event spoke: conditions in words, and the curve around it."""

from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest

from cloud_api.causes.config import CurveConfig
from cloud_api.causes.curve import Curve, curve_of, metric_of
from cloud_api.causes.sentence import bounds_of, condition_of, measured
from cloud_api.causes.words import FieldNames, load_field_names
from contracts.event import Cause, Event, EventPhase
from contracts.levels import Level
from contracts.profiles import PROFILES
from runtime.clock import ManualClock
from tests.contract.cloud_api.events import START, make_event

CONFIG = CurveConfig(url="http://gateway:9464")


@pytest.fixture(scope="module")
def names() -> FieldNames:
    """The names that ship."""
    return load_field_names()


@pytest.mark.parametrize(
    ("expression", "zh", "en"),
    [
        pytest.param("depth_m >= 27 cm", "积水深度 不低于 27 cm", "water depth is at least 27 cm", id="one"),
        pytest.param("tilt_deg > 15 deg || cover_open", "井盖倾角 超过 15°，或井盖打开",
                     "tilt of the cover is above 15° or the cover is open", id="or"),
        pytest.param("rain > 1 mm/h && (smoke || trapped)", "雨强 超过 1 mm/h，且（有烟，或有人被困）",
                     "rain is above 1 mm/h and (there is smoke or somebody is trapped)", id="nested"),
        pytest.param("!door_open", "并非箱门打开", "not: the door is open", id="not"),
        pytest.param("true", "发现即成立", "it was observed", id="observed"),
        pytest.param("at least 2 of [rain >= 50 mm/h, max(depth, rise) > 1]",
                     "以下至少满足 2 项：雨强 不低于 50 mm/h；积水深度、水位上涨速度 中的最大值 超过 1",
                     "at least 2 of these hold: rain is at least 50 mm/h; the greatest of water depth, "
                     "rise of the water is above 1", id="tally"),
        pytest.param("((", "((", "((", id="unreadable"),
        pytest.param("mystery > 3", "mystery 超过 3", "mystery is above 3", id="unnamed"),
    ],
)  # fmt: skip
def test_a_condition_is_told_in_both_languages(
    names: FieldNames, expression: str, zh: str, en: str
) -> None:
    """Whatever the form, and what cannot be read as it stands."""
    assert condition_of(expression, names) == (zh, en)


def test_every_field_of_every_sensor_has_a_name(names: FieldNames) -> None:
    """Nobody reads a field's identifier on a page."""
    fields = {field.name for profile in PROFILES.values() for field in profile.fields}

    assert {name for name in fields if names.of(name).en == name} == set()


def test_values_are_told_with_their_units(names: FieldNames) -> None:
    """Shares in percent, flags as yes and no, what is missing as unknown."""
    told = measured({"depth_m": 0.3119, "fill_ratio": 0.934, "smoke": True, "dba": None}, names)

    assert told.en == "water depth 0.3119 m, fill level 93.4 %, there is smoke: yes, noise: unknown"


def test_bounds_are_in_the_base_unit_and_mirrored(names: FieldNames) -> None:
    """A constant on the left bounds the field on the right the other way round."""
    found = bounds_of("27 cm <= depth_m && rain > 5 mm/h")

    assert [(each.field, each.operator, each.value) for each in found] == [
        ("depth_m", ">=", 0.27),
        ("rain", ">", 5.0),
    ]


@pytest.mark.parametrize(
    ("expression", "values", "expected"),
    [
        pytest.param("rain_3h > 5 mm/h && depth_m > 1 cm", {"rain_3h": 9.0, "depth_m": 0.2}, "depth_m",
                     id="what sensors report"),
        pytest.param("density > 2.0", {"density": 3.0}, "density", id="what the rule derives"),
        pytest.param("smoke", {"smoke": True}, None, id="a flag"),
    ],
)  # fmt: skip
def test_the_curve_is_of_a_number(
    names: FieldNames, expression: str, values: dict[str, float | bool], expected: str | None
) -> None:
    """A field with a curve at a sensor goes before one that only the rule knows."""
    event = _event(expression=expression, values=dict(values))

    assert metric_of(event, names) == expected


def _event(rev: int = 0, depth_m: float = 0.3, *, level: Level = Level.YELLOW, ended: bool = False,
           expression: str = "depth_m >= 27 cm",
           values: dict[str, float | bool | str | None] | None = None) -> Event:  # fmt: skip
    event = make_event(1, rev, level=level, phase=EventPhase.END if ended else EventPhase.OPEN)
    cause = Cause(expression=expression, values=values or {"depth_m": depth_m})
    return msgspec.structs.replace(event, cause=cause, subject="ws-1")


def _curve(names: FieldNames, answer: httpx.Response | Exception | None, *events: Event) -> Curve:
    def gateway(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/v1/devices/ws-1/series"
        assert request.url.params["metric"] == "depth_m"
        if isinstance(answer, httpx.Response):
            return answer
        raise httpx.ConnectError("refused", request=request)

    return curve_of(
        events,
        names,
        None if answer is None else CONFIG,
        before=timedelta(minutes=30),
        now=ManualClock(START + timedelta(hours=1)).now(),
        transport=httpx.MockTransport(gateway),
    )


def test_without_a_gateway_the_revisions_are_the_curve(names: FieldNames) -> None:
    """What each revision saw, with the constants that it was compared with."""
    found = _curve(
        names,
        None,
        _event(0, 0.3),
        _event(1, 0.45, level=Level.RED, expression="depth_m >= 40 cm"),
        _event(2, 0.1, level=Level.RED, expression="depth_m < 35 cm", ended=True),
    )

    assert (found.source, found.why, found.unit) == ("revisions", "no gateway is configured", "m")
    assert [point.value for point in found.points] == [0.3, 0.45, 0.1]
    assert [(each.level, each.part, each.value) for each in found.thresholds] == [
        (Level.YELLOW, "when", 0.27),
        (Level.RED, "clear", 0.35),
        (Level.RED, "when", 0.4),
    ]


def test_a_gateway_tells_the_values_around_it(names: FieldNames) -> None:
    """Its values, and of its thresholds those of the event's rule."""
    body = {
        "device": "ws-1", "metric": "depth_m", "unit": "m", "values": [["2026-06-01T07:59:00Z", 0.1]],
        "thresholds": [{"rule": rule, "level": "red", "part": "when", "value": 0.4}
                       for rule in ("waterlogging", "another")],
    }  # fmt: skip
    found = _curve(names, httpx.Response(200, json=body), _event())

    assert (found.source, len(found.points), len(found.thresholds)) == ("gateway", 1, 1)
    assert found.start == START + timedelta(seconds=1) - timedelta(minutes=30)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(httpx.ConnectError("refused"), id="away"),
        pytest.param(httpx.Response(404, json={}), id="unknown device"),
        pytest.param(httpx.Response(200, json={"metric": 3}), id="another form"),
        pytest.param(httpx.Response(200, json={"metric": "depth_m"}), id="empty"),
    ],
)
def test_a_gateway_that_cannot_tell_hides_nothing(
    names: FieldNames, answer: httpx.Response | Exception
) -> None:
    """The revisions' own values are shown, with the reason."""
    found = _curve(names, answer, _event())

    assert (found.source, [point.value for point in found.points]) == ("revisions", [0.3])
    assert (found.why or "").startswith("the gateway")


def test_an_unreadable_key_is_as_a_gateway_that_is_away(names: FieldNames, tmp_path: Path) -> None:
    """Nobody is shown a traceback for a missing file."""
    config = CurveConfig(url="http://gateway:9464", key_file=str(tmp_path / "none"))

    found = curve_of([_event()], names, config, before=timedelta(minutes=1), now=START)

    assert found.why == "the gateway did not tell"
