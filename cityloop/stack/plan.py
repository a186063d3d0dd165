"""Where a stack on this machine lives: folder, ports, identities, clock."""

import secrets
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from cityloop.stack.loopback import free_ports

__all__ = ["ClockPlan", "Ports", "StackPlan", "plan_stack", "secret_file"]


class Ports(Struct, frozen=True, kw_only=True):
    """TCP ports on loopback."""

    mqtt: int
    hub_client: int
    hub_monitor: int
    api: int
    gateway: int


class ClockPlan(Struct, frozen=True, kw_only=True):
    """One clock for every process: it shows ``epoch`` at the real moment ``origin``."""

    epoch: datetime
    origin: datetime
    scale: float

    def document(self) -> dict[str, object]:
        """Return it as a ``clock`` section."""
        return {
            "epoch": self.epoch.isoformat(),
            "origin": self.origin.isoformat(),
            "scale": self.scale,
        }


class StackPlan(Struct, frozen=True, kw_only=True):
    """Everything that the parts of one stack must agree on."""

    folder: Path
    ports: Ports
    district: str = "riverside"
    site: str = "old-town"
    edge_box: str = "edge-1"
    storm_boxes: tuple[str, ...] = ("storm-1", "storm-2")
    other_boxes: tuple[str, ...] = ()
    """Further boxes that may speak at the hub."""
    clock: ClockPlan | None = None
    intake: str = "jetstream"
    """How the gateway takes messages from the hub: ``jetstream`` or ``mqtt``."""

    @property
    def api_url(self) -> str:
        """Base address of the API."""
        return f"http://127.0.0.1:{self.ports.api}"

    @property
    def boxes(self) -> tuple[str, ...]:
        """Every box that may speak at the hub."""
        return (self.edge_box, *self.storm_boxes, *self.other_boxes)

    @property
    def journal(self) -> Path:
        """The gateway's journal."""
        return self.folder / "gateway" / "journal"

    def secret(self, name: str) -> Path:
        """Return the file that holds a password or key."""
        return self.folder / "secrets" / name

    def outbox(self, box: str) -> Path:
        """Return the outbox file of a box."""
        return self.folder / "boxes" / f"{box}.db"


def plan_stack(
    folder: Path,
    *,
    scale: float | None = None,
    fixed: dict[str, int] | None = None,
    intake: str = "jetstream",
) -> StackPlan:
    """Return a plan with free ports; its folder is made.

    Args:
        folder: the stack's folder.
        scale: how many times faster than real time the stack's clock runs; None: the machine's clock.
        fixed: ports (fields of :class:`Ports`) that shall be these.
        intake: how the gateway takes messages from the hub: ``jetstream`` or ``mqtt``.
    """
    for part in ("secrets", "boxes", "gateway", "api", "hub", "logs"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    (folder / "secrets").chmod(0o700)
    mqtt, hub_client, hub_monitor, api, gateway = free_ports(5)
    now = datetime.now(UTC).replace(microsecond=0)
    return StackPlan(
        folder=folder,
        ports=replace(
            Ports(
                mqtt=mqtt, hub_client=hub_client, hub_monitor=hub_monitor, api=api, gateway=gateway
            ),
            **(fixed or {}),
        ),
        intake=intake,
        clock=None if scale is None else ClockPlan(epoch=now, origin=now, scale=scale),
    )


def secret_file(path: Path, content: str | None = None) -> str:
    """Return a secret kept in a file that only its owner can read.

    What the file holds already stays, unless ``content`` is given; a new one is made up.
    """
    if content is None and path.exists():
        return path.read_text("utf-8").strip()
    text = secrets.token_urlsafe(24) if content is None else content
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")
    return text
