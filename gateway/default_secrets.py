"""Secrets that everybody knows: a gateway that has one does not start."""

from pathlib import Path

from gateway.config import GatewayConfig, InfluxConfig
from runtime.secret import check_secret

__all__ = ["refuse_default_secrets"]


def refuse_default_secrets(config: GatewayConfig) -> None:
    """Look at every secret of a configuration beside the hub's password, which its session looks at.

    A file that is not there yet is no fault here: who needs it says so, and waits.

    Raises:
        SecretError: one of them is a default that examples and factories leave behind, and this is
            no machine for demonstrations (``CITYLOOP_DEMO=1``).
    """
    named: dict[str, str | None] = {
        "api.key_file": None if config.api is None else config.api.key_file,
        "metrics.api_key_file": None if config.metrics is None else config.metrics.api_key_file,
    }
    store = config.telemetry.store
    if isinstance(store, InfluxConfig):
        named["telemetry.store.token_file"] = store.token_file
    for field, file in named.items():
        if file is None:
            continue
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            continue
        check_secret(text, f"{field}: {file}")
