"""``gateway top``: what a running gateway looks like."""

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console

from gateway.__main__ import main
from gateway.metrics import render
from gateway.metrics_server import MetricsServer
from gateway.top.client import GatewayPages
from gateway.top.exposition import parse_exposition
from gateway.top.screen import screen_of
from tests.unit.gateway.city import City, birth, pressed, reading, topic


@pytest.fixture
def city(tmp_path: Path) -> City:
    """Return a city with an alarm, a flood and something that was turned away."""
    city = City(tmp_path)
    city.send(birth(city.clock.now()))
    city.send(pressed(0, city.clock.now()), topic().replace("readings", "urgent"))
    for number in range(10):
        city.send(reading(number, city.clock.now(), 0.5))
        city.run(10)
    city.send(b"{")
    city.step()
    return city


@pytest.fixture
def server(city: City) -> Iterator[MetricsServer]:
    """Yield the gateway's pages over real HTTP."""
    made = MetricsServer(
        "127.0.0.1",
        0,
        lambda: render(city.gateway),
        city.gateway.health,
        {"/devices": city.gateway.devices},
    )
    made.start()
    yield made
    made.close()
    city.gateway.close()


def test_snapshot_tells_rates_rules_and_reasons(city: City, server: MetricsServer) -> None:
    """Between two looks five messages came; rules firing and reasons are those of the gateway."""
    pages = GatewayPages(f"http://127.0.0.1:{server.port}")
    first = pages.look()
    for number in range(10, 15):
        city.send(reading(number, city.clock.now(), 0.5))
        city.run(10)
    second = pages.look()
    pages.close()

    assert set(first.rates.values()) == {0.0}
    assert second.rates["messages"] * second.span_s == pytest.approx(5, rel=0.2)
    assert [(one.rule, one.level, one.open) for one in second.firing] == [
        ("alarm", "red", 1),
        ("waterlogging", "red", 1),
    ]
    assert second.rejected == {"malformed": 1}
    assert [line.box for line in second.boxes] == ["box-1"]


def test_event_that_ended_fires_no_more(city: City, server: MetricsServer) -> None:
    """Open events are those that no end was told of."""
    pages = GatewayPages(f"http://127.0.0.1:{server.port}")
    city.send(pressed(1, city.clock.now(), value=False), topic().replace("readings", "urgent"))
    city.run(2)
    snapshot = pages.look()
    pages.close()

    assert [one.rule for one in snapshot.firing] == ["waterlogging"]


def test_screen_shows_every_part(server: MetricsServer) -> None:
    """A person sees status, rules, reasons and boxes on one screen."""
    pages = GatewayPages(f"http://127.0.0.1:{server.port}")
    console = Console(width=140, record=True, force_terminal=True, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115 - closed below
    console.print(screen_of(pages.look(), "gateway"))
    pages.close()
    console.file.close()
    text = console.export_text()

    for word in ("waterlogging", "malformed", "box-1", "hub connected", "closed", "per second"):
        assert word in text


@pytest.mark.parametrize(("span_s", "shown"), [(0.0, "…"), (2.0, "7.0")], ids=["first", "later"])
def test_first_look_tells_no_rates(
    city: City, server: MetricsServer, span_s: float, shown: str
) -> None:
    """There is nothing to compare with yet, and nought would be a lie."""
    pages = GatewayPages(f"http://127.0.0.1:{server.port}")
    look = replace(pages.look(), span_s=span_s, rates={"messages": 7.0})
    pages.close()
    console = Console(width=140, record=True, file=StringIO())
    console.print(screen_of(look, "gateway"))
    line = next(line for line in console.export_text().splitlines() if "messages  " in line)

    assert line.split()[2] == shown


def test_once_for_machines_is_one_document(
    city: City, server: MetricsServer, tmp_path: Path
) -> None:
    """--once --json prints a snapshot and ends."""
    config = tmp_path / "g.yaml"
    document = {
        "state_dir": "x",
        "districts": ["d"],
        "hub": {"client_id": "g"},
        "metrics": {"port": server.port},
    }
    config.write_text(json.dumps(document))
    arguments = ["top", "--config", str(config), "--once", "--json", "--every", "0.1"]
    result = CliRunner().invoke(main, arguments)

    assert result.exit_code == 0
    assert json.loads(result.output)["firing"][0]["rule"] == "alarm"


def test_silent_gateway_is_exit_code_1(tmp_path: Path) -> None:
    """A gateway that is not there is said to be so."""
    config = tmp_path / "g.yaml"
    document = {
        "state_dir": "x",
        "districts": ["d"],
        "hub": {"client_id": "g"},
        "metrics": {"port": 9},
    }
    config.write_text(json.dumps(document))
    result = CliRunner().invoke(main, ["top", "--config", str(config), "--once"])

    assert result.exit_code == 1
    assert "is the gateway running" in result.output


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Zl", "Zp", "Cc")) | st.just("\n")))
def test_label_values_are_read_as_they_were_written(text: str) -> None:
    """Whatever stands in a label, escaped as the format says, is read back."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    page = f'# TYPE a counter\na{{x="{escaped}",y="1"}} 3\nnonsense\n'
    figures = parse_exposition(page)

    if "\x85" not in text and "\x1c" not in text:
        assert figures.by("a", "x") == {(text,): 3.0}
