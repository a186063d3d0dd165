"""A real hub that lets in only who shows a certificate of its authority."""

from pathlib import Path

import trustme
from msgspec.structs import replace

from cityloop.hub.config import HubConfig, HubTls
from cityloop.hub.supervisor import Hub
from runtime.mqtt_client import MqttConfig
from tests.integration.hub.hubs import hub_config, password_file

__all__ = ["SecureHub"]


class SecureHub:
    """A running hub with mutual TLS, its authority, and a stranger's.

    Args:
        folder: everything lies there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._authority, self._stranger = trustme.CA(), trustme.CA()
        self.authority = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.authority))
        cert, key = self.issue("hub")
        tls = HubTls(cert=cert, key=key, ca=str(self.authority))
        self.config: HubConfig = replace(hub_config(folder), tls=tls)
        self.hub = Hub(self.config)
        self.hub.start()

    def issue(self, name: str, *, trusted: bool = True) -> tuple[str, str]:
        """Return the files of a certificate and its key; not trusted ones are a stranger's."""
        authority = self._authority if trusted else self._stranger
        issued = authority.issue_cert("127.0.0.1", common_name=name)
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(key))
        key.chmod(0o600)
        return str(cert), str(key)

    def client(self, user: str, papers: tuple[str, str] | None) -> MqttConfig:
        """Return how a user reaches the hub; ``papers`` are certificate and key."""
        cert, key = papers or (None, None)
        return MqttConfig(
            port=self.config.mqtt.port,
            client_id=user,
            username=user,
            password_file=password_file(self.folder, user),
            tls_ca=str(self.authority),
            tls_cert=cert,
            tls_key=key,
            reconnect_cap_s=0.2,
        )
