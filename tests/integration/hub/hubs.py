"""A real hub for tests, and sessions that log in to it."""

from collections.abc import Sequence
from pathlib import Path

from cityloop.hub.config import BoxUser, HubConfig, Listen, Role, ServiceUser, StreamConfig
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.session import Inbound, Session, Will
from tests.contract.runtime.brokers import free_port, wait_until

ROOT = "city/v1/minhang/bridge"


def password_file(folder: Path, name: str) -> str:
    """Write a user's password and return the file's path."""
    path = folder / f"{name}.password"
    path.write_text(f"secret-of-{name}\n")
    return str(path)


def hub_config(folder: Path, streams: dict[str, StreamConfig] | None = None) -> HubConfig:
    """Return a configuration with free ports, an admin, a gateway, an API and two boxes."""
    return HubConfig(
        data_dir=str(folder / "data"),
        mqtt=Listen(port=free_port()),
        client=Listen(port=free_port()),
        monitor=Listen(port=free_port()),
        users=tuple(
            ServiceUser(name=role.value, role=role, password_file=password_file(folder, role.value))
            for role in Role
        ),
        boxes=tuple(
            BoxUser(
                box=box, district="minhang", site="bridge", password_file=password_file(folder, box)
            )
            for box in ("box-1", "box-2")
        ),
        streams=streams or {},
        bcrypt_cost=4,
        mqtt_ack_wait_s=2.0,
    )


def log_in(
    folder: Path,
    config: HubConfig,
    user: str,
    *filters: str,
    client_id: str = "",
    will: Will | None = None,
    wait: bool = True,
) -> MqttSession:
    """Return a session of a user; ``filters`` are subscribed to before it connects."""
    session = MqttSession(
        MqttConfig(
            port=config.mqtt.port,
            client_id=client_id or user,
            username=user,
            password_file=password_file(folder, user),
            reconnect_cap_s=0.5,
        ),
        will=will,
    )
    for topic_filter in filters:
        session.subscribe(topic_filter)
    session.start()
    if wait:
        wait_until(lambda: session.connected, f"{user} is logged in")
    return session


def take(session: Session, count: int, deadline_s: float = 20.0) -> list[Inbound]:
    """Return and acknowledge the next ``count`` messages."""
    got: list[Inbound] = []

    def complete() -> bool:
        session.wait(0.05)
        got.extend(session.receive(count - len(got)))
        return len(got) >= count

    wait_until(complete, f"{count} messages arrive", deadline_s)
    session.acknowledge(got)
    return got


def close(sessions: Sequence[Session]) -> None:
    """Close all of them."""
    for session in sessions:
        session.close()
