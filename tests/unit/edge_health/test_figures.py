"""A box's figures as Prometheus reads them."""

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge.health.figures import METRICS, Figures, render

ROOT = Path(__file__).parents[3]

FIGURES = Figures(
    info={"box": "b-1", "boot_id": "x", "version": "1"},
    counters={
        "letters_held": 3,
        "heat_rung": 1,
        "enqueued": 7,
        "c-1.frames_read": 100,
        "c-1.load_rung": 2,
        'odd "driver"\\.x.readings': 5,
    },
    cameras=frozenset({"c-1"}),
    up={"c-1": True, "c-2": False},
    gauges={"hub_connected": 1.0, "temperature_celsius": None, "outbox_messages": 12},
)


def test_every_sample_can_be_read() -> None:
    """Counters and gauges come under their families, with labels, strange ones escaped."""
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(render(FIGURES))
        for sample in family.samples
    }

    assert found["cityloop_edge_letters_held",] == 3
    assert found["cityloop_edge_heat_rung",] == 1
    assert found["cityloop_edge_events_total", ("counter", "enqueued")] == 7
    assert found["cityloop_edge_load_rung", ("camera", "c-1")] == 2
    camera = ("camera", "c-1"), ("counter", "frames_read")
    assert found["cityloop_edge_camera_events_total", *camera] == 100
    driver = ("counter", "readings"), ("driver", 'odd "driver"\\.x')
    assert found["cityloop_edge_sensor_events_total", *driver] == 5
    assert found["cityloop_edge_camera_up", ("camera", "c-2")] == 0


def test_what_nobody_knows_is_left_out() -> None:
    """A box without a thermometer shows no temperature, least of all 0."""
    assert "temperature" not in render(FIGURES)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_is_documented(metric: object) -> None:
    """docs/edge-health.md names each of them."""
    text = (ROOT / "docs" / "edge-health.md").read_text("utf-8")

    assert f"`{metric.name}" in text  # type: ignore[attr-defined]
