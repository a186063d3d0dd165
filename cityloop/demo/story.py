"""What a run tells a person: one plain sentence for each thing that the API reports."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from cityloop.stack.api_client import Change
from contracts.levels import LEVEL_NAMES_ZH, Level, level_rank

__all__ = ["Story"]

_LEVEL_STYLES = {Level.BLUE: "blue", Level.YELLOW: "yellow", Level.RED: "bold red"}
_CHINA = timezone(timedelta(hours=8))


def _clock(moment: str) -> str:
    """Return the time of day in China of an ISO moment."""
    return datetime.fromisoformat(moment).astimezone(_CHINA).strftime("%H:%M:%S")


def _level(level: Level) -> str:
    style = _LEVEL_STYLES[level]
    return f"[{style}]● {level.value} {LEVEL_NAMES_ZH[level]}[/{style}]"


def _because(cause: Mapping[str, Any]) -> str:
    values = ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in cause.get("values", {}).items()
    )
    if cause["expression"] == "true":  # the rule takes what was noticed as it is
        return f"a box noticed it{f': {values}' if values else ''}"
    return f"{cause['expression']}" + (f", and {values}" if values else "")


class Story:
    """Remembers what was told, so that a change is told as a change."""

    def __init__(self) -> None:
        self._levels: dict[str, Level] = {}

    def tell(self, change: Change) -> str | None:
        """Return a sentence in rich markup, or None for what needs no words."""
        return self._event(change.body) if change.topic == "event" else _case(change.body)

    def _event(self, event: dict[str, Any]) -> str | None:
        level = Level(event["level"])
        before = self._levels.get(event["event_id"])
        self._levels[event["event_id"]] = level
        title = f"{event['title']['zh']} · {event['title']['en']}"
        at = _clock(event["at"])
        if event["phase"] == "end":
            return f"{at}  [green]○ over 解除[/green]  {title}"
        if before is None:
            why = _because(event["cause"])
            return f"{at}  {_level(level)}  {title}\n          [dim]because {why}[/dim]"
        if before is level:
            return None
        way = "rises to" if level_rank(level) > level_rank(before) else "falls to"
        return f"{at}  {_level(level)}  {way} {level.value}: {title}"


def _case(record: dict[str, Any]) -> str | None:
    at, number = _clock(record["at"]), record["number"]
    kind = record["kind"]
    if kind == "opened":
        return f"{at}  [cyan]□ case 案件 {number} is filed 立案[/cyan]"
    if kind == "acknowledged":
        return f"{at}  [cyan]□ {number}: {record['actor']} has seen it[/cyan]"
    if kind == "moved" and record["actor"] != "system":
        reason = f" [dim]({record['reason']})[/dim]" if record["reason"] else ""
        moved = f"{record['from']} → {record['to']}"
        return f"{at}  [cyan]□ {number}: {moved} by {record['actor']}[/cyan]{reason}"
    return None
