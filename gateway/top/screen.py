"""A snapshot as a picture for a terminal."""

from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from gateway.top.snapshot import Snapshot

__all__ = ["screen_of"]

_STATUS = {"ok": "bold green", "degraded": "bold yellow", "stuck": "bold red"}
_LEVELS = {"red": "bold white on red", "yellow": "black on yellow", "blue": "white on blue"}
_CIRCUIT = {0: ("closed", "green"), 1: ("on trial", "yellow"), 2: ("open", "bold red")}
_WARN_WAITING = 1_000
"""From so many waiting things on a figure is shown in yellow: somebody does not keep up."""

_WARN_LAG_S = 5.0
"""From so many seconds on that telemetry is behind the heading says so."""
_LEAST_SPAN_S = 0.05
"""A rate over less says nothing: the first look has nothing to compare with."""


def _table(title: str, *columns: tuple[str, bool]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for name, number in columns:
        table.add_column(name, justify="right" if number else "left", no_wrap=True)
    return table


def _heading(snapshot: Snapshot, name: str) -> Text:
    text = Text()
    text.append(f"{name} ", style="bold")
    text.append(snapshot.status, style=_STATUS.get(snapshot.status, "bold"))
    text.append("   hub ")
    connected = snapshot.hub_connected
    text.append("connected" if connected else "AWAY", style="green" if connected else "bold red")
    text.append(f"   boxes {snapshot.online} online")
    if snapshot.offline:
        text.append(f", {snapshot.offline} offline", style="bold red")
    text.append(f"   sensors {snapshot.subjects:,}   journal {snapshot.journal_end:,}")
    text.append(f"   longest step {snapshot.step_ms_max:,.0f} ms")
    if snapshot.telemetry_lag_s >= _WARN_LAG_S:
        text.append(f"   telemetry {snapshot.telemetry_lag_s:,.0f} s behind", style="bold yellow")
    if snapshot.telemetry_dropped:
        text.append(f"   {snapshot.telemetry_dropped:,} values dropped", style="bold red")
    return text


def _rates(snapshot: Snapshot) -> Table:
    table = _table("per second", ("", False), ("", True))
    table.show_header = False
    for name, value in snapshot.rates.items():
        style = "yellow" if name == "rejected" and value else ""
        told = f"{value:,.1f}" if snapshot.span_s >= _LEAST_SPAN_S else "…"
        table.add_row(name.replace("_", " "), Text(told, style=style))
    return table


def _waiting(snapshot: Snapshot) -> Table:
    table = _table("waiting", ("", False), ("", True))
    table.show_header = False
    for name, count in snapshot.waiting.items():
        calm = name == "records_since_checkpoint" or count < _WARN_WAITING
        table.add_row(name.replace("_", " "), Text(f"{count:,}", style="" if calm else "yellow"))
    return table


def _firing(snapshot: Snapshot, rows: int) -> Table:
    table = _table("rules firing", ("rule", False), ("level", False), ("open", True))
    for one in snapshot.firing[:rows]:
        table.add_row(
            one.rule, Text(f" {one.level} ", style=_LEVELS.get(one.level, "")), str(one.open)
        )
    if not snapshot.firing:
        table.add_row(Text("none", style="dim"), "", "")
    return table


def _rejected(snapshot: Snapshot, rows: int) -> Table:
    table = _table("turned away", ("reason", False), ("total", True), ("/s", True))
    worst = sorted(snapshot.rejected.items(), key=lambda item: -item[1])
    for reason, count in worst[:rows]:
        table.add_row(reason, f"{count:,}", f"{snapshot.rejected_per_s[reason]:,.1f}")
    for mapping, outcomes in sorted(snapshot.foreign.items()):
        told = ", ".join(f"{name} {count:,}" for name, count in sorted(outcomes.items()))
        table.add_row(Text(f"{mapping}: {told}", style="dim"), "", "")
    if not snapshot.rejected:
        table.add_row(Text("nothing", style="dim"), "", "")
    return table


def _sinks(snapshot: Snapshot) -> Table:
    table = _table("events to", ("sink", False), ("pending", True), ("delivered", True), ("dead", True), ("circuit", False))  # fmt: skip
    for name, figures in snapshot.sinks.items():
        words, style = _CIRCUIT.get(figures.get("circuit", 0), ("?", ""))
        table.add_row(
            name,
            f"{figures.get('pending', 0):,}",
            f"{figures.get('delivered', 0):,}",
            f"{figures.get('dead', 0):,}",
            Text(words, style=style),
        )
    return table


def _boxes(snapshot: Snapshot, rows: int) -> Table:
    table = _table(
        f"boxes ({len(snapshot.boxes)}, those in trouble first)",
        ("box", False),
        ("district/site", False),
        ("online", False),
        ("heard", False),
        ("clock", False),
        ("late", True),
        ("twice", True),
        ("missing", True),
        ("waiting", True),
        ("sensors", True),
    )
    for line in snapshot.boxes[:rows]:
        heard = "-" if line.heard_at is None else line.heard_at.strftime("%H:%M:%S")
        table.add_row(
            line.box,
            f"{line.district}/{line.site}",
            Text("yes", style="green") if line.online else Text("no", style="bold red"),
            heard,
            line.clock,
            f"{line.late:,}",
            f"{line.duplicates:,}",
            f"{line.missing:,}",
            f"{line.waiting:,}",
            f"{line.subjects:,}",
        )
    return table


def screen_of(snapshot: Snapshot, name: str, *, rows: int = 12) -> RenderableType:
    """Return a snapshot as something that rich can show.

    Args:
        snapshot: the figures.
        name: of the gateway, for the heading.
        rows: most lines of each list.
    """
    return Panel(
        Group(
            _heading(snapshot, name),
            Text(),
            Columns(
                [_rates(snapshot), _waiting(snapshot), _firing(snapshot, rows)], padding=(0, 4)
            ),
            Text(),
            Columns([_rejected(snapshot, rows), _sinks(snapshot)], padding=(0, 4)),
            Text(),
            _boxes(snapshot, rows),
        ),
        title="cityloop gateway top",
        subtitle=f"over {snapshot.span_s:.1f} s; Ctrl-C ends",
    )
