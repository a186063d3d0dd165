"""How a broker is reached, and the paho client that is made for it."""

import socket
import ssl
from typing import Annotated, Any

from msgspec import Meta, Struct
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from runtime.buffered_socket import BufferedSocket
from runtime.errors import SecretError
from runtime.session import Will

__all__ = ["MqttConfig", "Port", "build_client", "tls_context"]

Port = Annotated[int, Meta(ge=1, le=65_535)]


class MqttConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to reach a broker."""

    host: str = "127.0.0.1"
    """Name or address. Default: this machine."""
    port: Port = 1883
    """Default 1883; brokers with TLS mostly listen on 8883."""
    client_id: str
    """Names the persistent session; unique at the broker: a second one cuts the first off."""
    username: str | None = None
    """User at the broker; default: anonymous."""
    password_file: str | None = None
    """File that holds the password. Either this or ``password_env``."""
    password_env: str | None = None
    """Environment variable that holds the password."""
    tls_ca: str | None = None
    """File with the certificates to trust; ``system`` for the machine's own. Default: no TLS."""
    tls_cert: str | None = None
    """File with this client's certificate, where the broker asks for one."""
    tls_key: str | None = None
    """File with the key of ``tls_cert``."""
    keepalive_s: Annotated[int, Meta(ge=1, le=3600)] = 15
    """Seconds of silence after which the connection is probed; default 15."""
    inflight: Annotated[int, Meta(ge=1, le=20_000)] = 1000
    """Most messages published and not yet answered by the broker; default 1,000."""
    receive_limit: Annotated[int, Meta(ge=1)] = 20_000
    """Most messages received and not yet taken; beyond, reading stops. Default 20,000."""
    connect_timeout_s: Annotated[float, Meta(gt=0.0)] = 5.0
    """Seconds to wait for the TCP and TLS handshake; default 5."""
    reconnect_cap_s: Annotated[float, Meta(ge=0.1)] = 30.0
    """Longest wait between two attempts, seconds, with full jitter; default 30."""


class _ClosingSslSocket(ssl.SSLSocket):
    """Closes itself when its handshake fails, which paho leaves to the garbage collector."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def tls_context(config: MqttConfig) -> ssl.SSLContext | None:
    """Return a context that verifies the broker's certificate and name; None without TLS.

    Raises:
        SecretError: a certificate or key cannot be read.
    """
    if config.tls_ca is None:
        return None
    trusted = None if config.tls_ca == "system" else config.tls_ca
    try:
        context = ssl.create_default_context(cafile=trusted)
        if config.tls_cert is not None:
            context.load_cert_chain(config.tls_cert, config.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise SecretError(
            f"broker {config.host}:{config.port}: tls_ca {config.tls_ca}, tls_cert "
            f"{config.tls_cert}, tls_key {config.tls_key}: {error}; check paths and contents"
        ) from error
    context.sslsocket_class = _ClosingSslSocket
    return context


class _BufferedClient(Client):
    """paho's client over a :class:`BufferedSocket`."""

    def _create_socket(self) -> Any:
        sock = super()._create_socket()
        return BufferedSocket(sock) if isinstance(sock, socket.socket) else sock


def build_client(
    config: MqttConfig, password: str | None, tls: ssl.SSLContext | None, will: Will | None
) -> Client:
    """Return a fresh paho client: MQTT 3.1.1, persistent session, manual PUBACKs, no own retries."""
    client = _BufferedClient(
        CallbackAPIVersion.VERSION2,
        client_id=config.client_id,
        clean_session=False,
        protocol=MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
        manual_ack=True,
    )
    client.connect_timeout = config.connect_timeout_s
    # publish() keeps the window; paho's own scans all waiting messages at every PUBACK
    client.max_inflight_messages = 0
    client.max_queued_messages = config.inflight
    if config.username is not None:
        client.username_pw_set(config.username, password)
    if tls is not None:
        client.tls_set_context(tls)
    if will is not None:
        client.will_set(will.topic, will.payload, will.qos, will.retain)
    return client
