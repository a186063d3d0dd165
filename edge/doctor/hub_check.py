"""Whether the hub can be reached and lets this box in."""

import socket
import time
from collections.abc import Mapping
from threading import Event
from typing import Any

from msgspec.structs import replace
from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from runtime.errors import SecretError
from runtime.finding import Finding, Verdict
from runtime.mqtt_client import MqttConfig, tls_context
from runtime.secret import read_secret

__all__ = ["check_hub", "is_local"]

_NAME = "hub"
_ADVICE: Mapping[str, str] = {
    "Bad user name or password": "enrol the box again: cityloop edge enrol",
    "Not authorized": "the box may be revoked, or its client certificate is not trusted: enrol again",
}


class _Caller:
    """Logs in once and remembers what the broker said."""

    def __init__(self) -> None:
        self.answered = Event()
        self.reason = ""
        self.accepted = False

    def on_connect(
        self,
        client: Client,  # noqa: ARG002 - paho's signature, as the rest
        userdata: Any,  # noqa: ARG002
        flags: ConnectFlags,  # noqa: ARG002
        reason: ReasonCode,
        properties: Properties | None,  # noqa: ARG002
    ) -> None:
        """Take the broker's answer."""
        self.accepted, self.reason = not reason.is_failure, str(reason)
        self.answered.set()


def check_hub(config: MqttConfig) -> Finding:
    """Return whether the hub lets this box in.

    It logs in under a name of its own, so that a running box keeps its session.

    Args:
        config: the hub; paths in it are absolute.
    """
    where = f"{config.host}:{config.port}"
    try:
        password = read_secret(config.password_file, config.password_env, f"hub {where}")
        tls = tls_context(config)
    except SecretError as error:
        return _fail(str(error), "enrol the box: cityloop edge enrol")
    probe = replace(config, client_id=f"{config.client_id}-doctor"[:64])
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=probe.client_id,
        clean_session=True,
        protocol=MQTTProtocolVersion.MQTTv311,
        reconnect_on_failure=False,
    )
    client.connect_timeout = probe.connect_timeout_s
    if probe.username is not None:
        client.username_pw_set(probe.username, password)
    if tls is not None:
        client.tls_set_context(tls)
    caller = _Caller()
    client.on_connect = caller.on_connect
    began = time.monotonic()
    try:
        client.connect(probe.host, probe.port)
        deadline = began + probe.connect_timeout_s
        while not caller.answered.is_set() and time.monotonic() < deadline:
            if client.loop(timeout=0.1) != 0:
                break
        took_s = time.monotonic() - began
    except OSError as error:
        return _fail(f"{where}: {error}", _advice(error, tls=tls is not None))
    finally:
        client.disconnect()
    if not caller.answered.is_set():
        return _fail(
            f"{where} hung up or said nothing",
            "a port with TLS needs hub.tls_ca, one that asks for certificates hub.tls_cert too",
        )
    if not caller.accepted:
        advice = _ADVICE.get(caller.reason, "look into the hub's log")
        return _fail(f"{where} refuses {probe.username or 'anonymous'}: {caller.reason}", advice)
    kind = "without TLS" if tls is None else "with TLS"
    if tls is not None and probe.tls_cert is not None:
        kind = "with TLS and its own certificate"
    detail = f"{where} lets {probe.username or 'anonymous'} in, {kind}, in {took_s * 1000:.0f} ms"
    if tls is None and not is_local(probe.host):
        return Finding(
            check=_NAME,
            verdict=Verdict.WARN,
            detail=detail,
            advice="passwords and readings can be read on the way: set hub.tls_ca and port 8883",
        )
    return Finding(check=_NAME, verdict=Verdict.OK, detail=detail)


def _fail(detail: str, advice: str) -> Finding:
    return Finding(check=_NAME, verdict=Verdict.FAIL, detail=detail, advice=advice)


def _advice(error: OSError, *, tls: bool) -> str:
    if isinstance(error, socket.gaierror):
        return "check hub.host and the name server"
    if tls and "certificate" in str(error).lower():
        return "check hub.tls_ca and that the hub's certificate names hub.host; check the clock too"
    return "check hub.host, hub.port, cable and firewall"


def is_local(host: str) -> bool:
    """Return whether a host is this machine, where nobody listens on the way."""
    return host in {"localhost", "::1"} or host.startswith("127.")
