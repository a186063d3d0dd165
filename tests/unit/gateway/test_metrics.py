"""The gateway's metrics page."""

from pathlib import Path

from gateway.config import ForeignConfig, WebhookConfig
from gateway.metrics import METRICS, render
from tests.unit.gateway.city import GATES, PACK, City, later, pressed, reading, topic


def test_metrics_page_names_every_metric_once(tmp_path: Path) -> None:
    """Every declared family is on the page with its type, and counts what happened."""
    devices = tmp_path / "devices.yaml"
    devices.write_text(
        "devices: [{subject: b, mapping: zigbee2mqtt, foreign_id: button, profile: alarm_button, "
        "district: d, site: s}]"
    )
    foreign = ForeignConfig(mappings=("zigbee2mqtt",), devices=(str(devices),))
    hook = WebhookConfig(name="ops", url="http://127.0.0.1:9/", secret_file="none")
    city = City(tmp_path, pack=PACK + GATES, foreign=foreign, webhooks=(hook,))
    city.send(reading(0, later(9_000)))
    city.send(b"{")
    city.send(pressed(0, later(0)), topic().replace("readings", "urgent"))
    city.box.publish("zigbee2mqtt/button", b'{"action": "shake", "mood": "good"}')
    city.step()
    page = render(city.gateway)

    assert [m.name for m in METRICS if f"# TYPE {m.name} {m.kind}\n" not in page] == []
    assert 'cityloop_gateway_messages_rejected_total{reason="malformed"} 1\n' in page
    assert 'cityloop_gateway_clock_skew_total{box="box-1"} 1\n' in page
    assert 'cityloop_gateway_quality_flags_total{subject="water-1",flag="suspect"} 1\n' in page
    assert 'cityloop_gateway_quality_checks_total{check="skew",flag="suspect"} 1\n' in page
