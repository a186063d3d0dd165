"""Enrolment of a box: a one-time token becomes files that only the box can read."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import yaml

from edge.errors import EnrolmentFailed
from runtime.private_file import write_private
from runtime.yaml_document import load_document

__all__ = ["Enrolled", "HubTrust", "enrol", "take_token", "write_files"]

_TIMEOUT_S = 15.0


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """What the API gives for a token."""

    box: str
    district: str
    site: str
    username: str
    password: str
    api_key: str


class HubTrust(msgspec.Struct, frozen=True, kw_only=True):
    """How a box and its hub know each other, for a first configuration: paths of files."""

    ca: str | None = None
    """Certificates to trust at the hub; None speaks plainly."""
    cert: str | None = None
    """The box's own certificate, where the hub asks for one."""
    key: str | None = None
    """Its key."""

    def section(self) -> dict[str, str]:
        """Return the fields of ``hub`` that say so.

        Raises:
            EnrolmentFailed: a certificate without its key, or without an authority to trust.
        """
        if (self.cert is None) != (self.key is None):
            raise EnrolmentFailed("a certificate and its key belong together; name both")
        if self.cert is not None and self.ca is None:
            raise EnrolmentFailed("a certificate is shown over TLS only; name --hub-ca too")
        named = {"tls_ca": self.ca, "tls_cert": self.cert, "tls_key": self.key}
        return {name: path for name, path in named.items() if path is not None}


def take_token(
    api: str, token: str, *, ca: str | None = None, transport: httpx.BaseTransport | None = None
) -> Enrolled:
    """Return what the API gives for a one-time token.

    Args:
        api: base address of the API.
        token: the token.
        ca: file with the certificates to trust; None: those that httpx brings.
        transport: httpx transport; None uses the network.

    Raises:
        EnrolmentFailed: no answer, or the API does not take the token.
    """
    address = f"{api.rstrip('/')}/v1/enrol"
    try:
        with httpx.Client(timeout=_TIMEOUT_S, transport=transport, verify=ca or True) as client:
            answer = client.post(address, json={"token": token})
    except (httpx.HTTPError, OSError) as error:
        raise EnrolmentFailed(
            f"{address}: {type(error).__name__}: {error}; the token is still good: try again"
        ) from error
    if not answer.is_success:
        detail = answer.text[:300]
        raise EnrolmentFailed(f"{address} answered {answer.status_code}: {detail}")
    try:
        return msgspec.json.decode(answer.content, type=Enrolled)
    except msgspec.DecodeError as error:
        raise EnrolmentFailed(f"{address}: {error}; is it a cityloop API?") from error


def _known(config_path: Path) -> dict[str, Any]:
    """Return who the box is by its configuration, as far as that says so.

    Raises:
        ConfigError: the file is no YAML.
    """
    document = load_document(config_path).data
    box = document.get("box") if isinstance(document, dict) else None
    return box if isinstance(box, dict) else {}


def write_files(
    enrolled: Enrolled, config_path: Path, *, api: str, hub: str, trust: HubTrust
) -> list[Path]:
    """Write password and key beside the configuration, and a first configuration where none is.

    Args:
        enrolled: what the API gave.
        config_path: the box's configuration.
        api: base address of the API.
        hub: ``host:port`` of the hub, for a first configuration.
        trust: how box and hub know each other, for a first configuration.
    """
    folder = config_path.resolve().parent
    password, key = folder / "hub.password", folder / "api.key"
    write_private(password, enrolled.password + "\n")
    write_private(key, enrolled.api_key + "\n")
    written = [password, key]
    if not config_path.exists():
        host, _, port = hub.rpartition(":")
        document = {
            "box": {"district": enrolled.district, "site": enrolled.site, "box": enrolled.box},
            "hub": {
                "host": host,
                "port": int(port),
                "client_id": enrolled.box,
                "username": enrolled.username,
                "password_file": password.name,
                **trust.section(),
            },
            "api": {"url": api, "key_file": key.name},
        }
        config_path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        written.append(config_path)
    return written


def enrol(
    config_path: Path, token: str, *, api: str, hub: str, trust: HubTrust, api_ca: str | None
) -> tuple[Enrolled, list[Path]]:
    """Enrol this box; return what it is now, and the files that were written.

    Raises:
        EnrolmentFailed: the API does not take the token, it is another box's, or ``trust`` is
            incomplete.
        ConfigError: the configuration there is cannot be read.
        OSError: the files cannot be written.
    """
    trust.section()
    known = _known(config_path) if config_path.exists() else {}
    enrolled = take_token(api, token, ca=api_ca)
    written = write_files(enrolled, config_path, api=api, hub=hub, trust=trust)
    for name in ("district", "site", "box"):
        said, given = known.get(name, getattr(enrolled, name)), getattr(enrolled, name)
        if said != given:
            raise EnrolmentFailed(
                f"{config_path}: box.{name} is {said!r}, the token was made for {given!r}; the "
                f"login is written to {written[0]}: correct box.{name}, or revoke "
                f"{enrolled.box!r} and make a token for this box"
            )
    return enrolled, written
