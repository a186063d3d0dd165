"""``gateway devices``: asking a running gateway for its boxes, and showing them."""

import httpx
import msgspec
from rich.table import Table

from gateway.clock_watch import BoxLine
from gateway.errors import FleetUnavailableError

__all__ = ["fetch_lines", "table_of"]

_TIMEOUT_S = 5.0


def fetch_lines(url: str) -> list[BoxLine]:
    """Return one line for each box of a running gateway.

    Raises:
        FleetUnavailableError: it does not answer.
    """
    try:
        answer = httpx.get(url, timeout=_TIMEOUT_S).raise_for_status()
        return msgspec.json.decode(answer.content, type=list[BoxLine])
    except (httpx.HTTPError, msgspec.DecodeError) as error:
        raise FleetUnavailableError(
            f"{url}: {type(error).__name__}: {error}; is the gateway running with this configuration?"
        ) from error


def table_of(lines: list[BoxLine]) -> Table:
    """Return the boxes as a table for a terminal."""
    table = Table(
        "box",
        "district/site",
        "online",
        "heard",
        "clock",
        "future",
        "late",
        "twice",
        "missing",
        "waiting",
        "config",
        "subjects",
        "registry",
    )
    for line in lines:
        offset = "" if line.clock_offset_s is None else f" {line.clock_offset_s:+.3f} s"
        table.add_row(
            line.box,
            f"{line.district}/{line.site}",
            "yes" if line.online else "no",
            "-" if line.heard_at is None else line.heard_at.isoformat(timespec="seconds"),
            f"{line.clock}{offset}",
            str(line.future),
            str(line.late),
            str(line.duplicates),
            str(line.missing),
            str(line.waiting),
            _config(line),
            str(line.subjects),
            line.held_against or ("known" if line.registered else "-"),
        )
        for device, counted in line.odd_stamps.items():
            odd = ", ".join(f"{count} {what}" for what, count in counted.items())
            table.add_row("", device, "", "", odd)
    return table


def _config(line: BoxLine) -> str:
    if line.desired_version is None:
        return "own"
    state = "in sync" if line.in_sync else f"reports {line.reported_version}"
    return f"{line.desired_version}, {state}"
