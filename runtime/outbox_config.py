"""Configuration of an outbox."""

from typing import Annotated

from msgspec import Meta, Struct

from runtime.outbox_file import Synchronous

__all__ = ["OutboxConfig"]


class OutboxConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a box keeps what it has not got rid of yet, and how much of it."""

    path: str = "outbox.db"
    """File; its folder must exist. Default ``outbox.db`` in the working folder."""
    budget_rows: Annotated[int, Meta(ge=100)] = 2_000_000
    """Most messages kept; default 2,000,000. Beyond, the oldest of the least important lane go."""
    budget_bytes: Annotated[int, Meta(ge=100_000)] = 1_000_000_000
    """Most bytes of messages kept; default 1 GB. The file may be several
    times as large: 4.6 times was measured with tracks of 800 bytes."""
    synchronous: Synchronous = Synchronous.FULL
    """``FULL`` (default): a power cut loses nothing appended. ``NORMAL``: it may lose the last."""
    max_age_h: Annotated[float, Meta(gt=0.0)] | None = None
    """Hours after which readings, counts and tracks that could not be sent are given up, counted and
    confessed; what was noticed never is. Not on a box whose clock may jump. Default: none are."""
    send_hz: Annotated[float, Meta(ge=1.0)] | None = None
    """Most readings, counts and tracks sent in a second; urgent messages and observations do not wait.
    Keep it well above what the box says day by day. Default: no limit."""
