"""平急: which districts are in emergency operation; a log of switches, never overwritten."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, insert, select

from cloud_api.instants import to_us
from cloud_api.schema import mode_log
from contracts.control import Mode

__all__ = ["ModeSwitch", "add_switch", "modes_now", "switches"]


class ModeSwitch(NamedTuple):
    """One switch; ``at_us`` is microseconds since 1970 UTC."""

    seq: int
    district: str
    mode: str
    at_us: int
    actor: str
    reason: str


def modes_now(connection: Connection) -> dict[str, Mode]:
    """Return the mode of every district that was ever switched; the others are in normal mode."""
    newest = select(func.max(mode_log.c.seq)).group_by(mode_log.c.district)
    query = select(mode_log.c.district, mode_log.c.mode).where(mode_log.c.seq.in_(newest))
    return {row.district: Mode(row.mode) for row in connection.execute(query)}


def add_switch(
    connection: Connection, district: str, mode: Mode, *, now: datetime, actor: str, reason: str
) -> None:
    """Write a switch down; the caller holds the lane CASES."""
    seq: int = connection.scalar(select(func.max(mode_log.c.seq))) or 0
    connection.execute(
        insert(mode_log).values(
            seq=seq + 1,
            district=district,
            mode=mode.value,
            at_us=to_us(now),
            actor=actor,
            reason=reason,
        )
    )


def switches(connection: Connection, limit: int) -> list[ModeSwitch]:
    """Return the last switches, newest first."""
    query = select(mode_log).order_by(mode_log.c.seq.desc()).limit(limit)
    return [ModeSwitch(*row) for row in connection.execute(query)]
