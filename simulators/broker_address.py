"""A broker's address on the command line."""

from urllib.parse import urlsplit

import click

from runtime.mqtt_client import MqttConfig

__all__ = ["broker_of"]


def broker_of(url: str, client_id: str, password_env: str | None) -> MqttConfig:
    """Return how a broker is reached: ``mqtt://[user@]host:port`` or ``mqtts://`` with TLS.

    Raises:
        BadParameter: another address, or one with a password in it.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.path not in {"", "/"}:
        raise click.BadParameter(
            f"{url!r}: expected mqtt://host:port or mqtts://host:port", param_hint="--broker"
        )
    if parts.password is not None:
        raise click.BadParameter(
            "a password in the URL would show in the process list; use --password-env NAME",
            param_hint="--broker",
        )
    tls = parts.scheme == "mqtts"
    return MqttConfig(
        host=parts.hostname,
        port=parts.port or (8883 if tls else 1883),
        client_id=client_id,
        username=parts.username,
        password_env=password_env,
        tls_ca="system" if tls else None,
    )
