"""The hub of one box, and what its streams hold."""

import json
import os
import signal
import urllib.request
from pathlib import Path

import msgspec

from cityloop.hub.config import BoxUser, HubConfig, Listen, Role, ServiceUser
from cityloop.hub.supervisor import Hub
from tests.contract.runtime.brokers import free_port
from tests.integration.hub.hubs import password_file
from tests.unit.gateway.city import BOX, DISTRICT, SITE

__all__ = ["hub_config", "kill", "stored"]


def hub_config(folder: Path, *, site: str = SITE, **settings: object) -> HubConfig:
    """Return a hub that knows one box, at ``site``; its passwords are in ``folder``."""
    config = HubConfig(
        data_dir=str(folder / "hub"),
        mqtt=Listen(port=free_port()),
        client=Listen(port=free_port()),
        monitor=Listen(port=free_port()),
        users=tuple(
            ServiceUser(name=role.value, role=role, password_file=password_file(folder, role.value))
            for role in Role
        ),
        boxes=(
            BoxUser(
                box=BOX, district=DISTRICT, site=site, password_file=password_file(folder, BOX)
            ),
        ),
        bcrypt_cost=4,
        mqtt_ack_wait_s=2.0,
    )
    return msgspec.structs.replace(config, **settings)


def stored(hub: Hub, stream: str) -> int:
    """Return how many messages a stream of a hub holds."""
    url = f"http://127.0.0.1:{hub.config.monitor.port}/jsz?streams=true"
    with urllib.request.urlopen(url, timeout=5.0) as answer:
        (account,) = json.loads(answer.read())["account_details"]
    details = account["stream_detail"]
    return int(next(each["state"]["messages"] for each in details if each["name"] == stream))


def kill(hub: Hub) -> None:
    """End the server with SIGKILL."""
    assert hub.pid is not None
    os.kill(hub.pid, signal.SIGKILL)
    hub.stop()
