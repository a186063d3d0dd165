"""The ledger: every message that was enqueued, and the events that must come of them."""

from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from contracts.envelope import Channel
from simulators.truth import ExpectedEvent

__all__ = ["Ledger", "LedgerLane", "read_ledger", "write_ledger"]


class LedgerLane(Struct, frozen=True, kw_only=True):
    """One lane of one boot: its messages are numbered ``0 .. enqueued - 1`` without a hole."""

    box: str
    boot_id: str
    channel: Channel
    enqueued: int


class Ledger(Struct, frozen=True, kw_only=True):
    """What a simulator did. ``dropped`` messages were enqueued and then given up by itself."""

    scenario: str
    seed: int
    district: str
    site: str
    start_at: datetime
    """Moment of the scenario's second 0; the seconds in the events count from it."""
    elapsed_s: float
    """Second of the scenario up to which readings were enqueued."""
    lanes: tuple[LedgerLane, ...]
    """Of this boot and, with an outbox, of the former ones that its file remembers."""
    expected_events: tuple[ExpectedEvent, ...] | None = None
    """What a gateway must find; only in the ledger of a run that ended, and true where the run
    began with the scenario."""
    dropped: int = 0

    @property
    def enqueued(self) -> int:
        """Messages in all lanes."""
        return sum(lane.enqueued for lane in self.lanes)


def write_ledger(path: Path, ledger: Ledger) -> None:
    """Write a ledger as JSON, in one piece: whoever reads sees the old one or the new one.

    Args:
        path: the file; its folder must exist.
        ledger: this run.
    """
    part = path.with_name(path.name + ".part")
    part.write_bytes(msgspec.json.format(msgspec.json.encode(ledger), indent=2) + b"\n")
    part.replace(path)


def read_ledger(path: Path) -> Ledger | None:
    """Return the ledger in a file, or None where there is none.

    Raises:
        msgspec.DecodeError: the file holds something else.
    """
    if not path.exists():
        return None
    return msgspec.json.decode(path.read_bytes(), type=Ledger)
