"""A gateway does not start with a secret that everybody knows."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from gateway.__main__ import main
from gateway.config import ApiConfig, InfluxConfig, MetricsConfig, TelemetryConfig
from gateway.default_secrets import refuse_default_secrets
from runtime.errors import SecretError
from tests.unit.gateway.city import City


@pytest.mark.parametrize(
    "field", ["api.key_file", "metrics.api_key_file", "telemetry.store.token_file"]
)
@pytest.mark.parametrize("secret", ["changeme", "Password\n"])
def test_known_default_is_refused_by_its_field(tmp_path: Path, field: str, secret: str) -> None:
    """Each secret, with the field that names it."""
    file = tmp_path / "secret"
    file.write_text(secret)
    city = City(tmp_path / "city")
    city.gateway.close()
    api = ApiConfig(url="http://127.0.0.1:1", key_file=str(file))
    influx = InfluxConfig(url="http://127.0.0.1:1", token_file=str(file))
    config = {
        "api.key_file": replace(city.config, api=api),
        "metrics.api_key_file": replace(city.config, metrics=MetricsConfig(api_key_file=str(file))),
        "telemetry.store.token_file": replace(city.config, telemetry=TelemetryConfig(store=influx)),
    }[field]

    with pytest.raises(SecretError, match=f"{field}: .*a default that everybody knows"):
        refuse_default_secrets(config)
    file.write_text("a8Zk2-made-by-a-machine")
    refuse_default_secrets(config)
    file.unlink()
    refuse_default_secrets(config)


@pytest.mark.parametrize("demo", ["0", "1"], ids=["street", "demo"])
def test_it_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, demo: str
) -> None:
    """Exit code 1 and nothing begun; a machine for demonstrations gets as far as the missing rules."""
    monkeypatch.setenv("CITYLOOP_DEMO", demo)
    (tmp_path / "key").write_text("changeme")
    config = tmp_path / "gateway.yaml"
    config.write_text(
        f"state_dir: {tmp_path}/state\ndistricts: [d]\nhub: {{client_id: g}}\n"
        f"api: {{url: 'http://127.0.0.1:1', key_file: {tmp_path}/key}}\n"
        f"rules: {{paths: [{tmp_path}/none.yaml]}}\nmetrics: null\n"
    )
    result = CliRunner().invoke(main, ["run", "--config", str(config)])

    assert result.exit_code == 1
    assert ("everybody knows" in result.output) is (demo == "0")
    assert (tmp_path / "state").exists() is (demo == "1")
