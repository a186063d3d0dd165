"""Commands of the notices: check a plan, rehearse it, send a test message."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from cloud_api.told_errors import errors_told

if TYPE_CHECKING:
    from cloud_api.config import ApiConfig
    from cloud_api.dispatch.roster import Roster

__all__ = ["notify"]

_OCCASIONS = [
    "opened",
    "level_raised",
    "assigned",
    "subtask",
    "acknowledged",
    "remind",
    "overdue",
    "escalate",
    "filed",
    "dispatched",
    "bounced",
    "suspended",
    "fed_back",
    "merged",
    "closed",
    "void",
    "reopened",
]


@click.group()
def notify() -> None:
    """Notices: check the plan, and rehearse who would be told."""


@notify.command("test")
@click.option(
    "--config",
    "config_path",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="YAML file of the API; its `notices` names the plan.",
)
@click.option(
    "--occasion",
    default="opened",
    type=click.Choice(_OCCASIONS),
    show_default=True,
    help="What has happened to the case.",
)
@click.option(
    "--level",
    default="red",
    type=click.Choice(["blue", "yellow", "red"]),
    show_default=True,
    help="How grave its event is.",
)
@click.option("--district", default="district-1", show_default=True, help="Where it is.")
@click.option(
    "--event-type", default="water.ponding", show_default=True, help="What its event is about."
)
@click.option("--department", help="Department that has the case.")
@click.option("--person", help="Person who has the case.")
@click.option("--at", "at_text", help="Moment, like 2026-06-01T23:00:00+08:00; default now.")
@click.option("--send", is_flag=True, help="Really send; without it nothing leaves.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def rehearse(
    config_path: Path,
    occasion: str,
    level: str,
    district: str,
    event_type: str,
    department: str | None,
    person: str | None,
    at_text: str | None,
    *,
    send: bool,
    as_json: bool,
) -> None:
    """Show who would be told of an invented case, through what, when, and in which words.

    Exit status 1 when a message was to be sent and was not taken.
    """
    from cloud_api.notices.addressing import Addressing  # noqa: PLC0415 - --help stays quick
    from cloud_api.notices.bootstrap import open_templates  # noqa: PLC0415 - as above
    from cloud_api.notices.errors import NoticeError  # noqa: PLC0415 - as above
    from cloud_api.notices.occasions import Occasion  # noqa: PLC0415 - as above
    from cloud_api.notices.plan import Language, load_plan  # noqa: PLC0415 - as above
    from cloud_api.notices.rehearsal import (  # noqa: PLC0415 - as above
        invented_case,
        invented_detail,
    )
    from cloud_api.notices.senders import AppriseSender, Message  # noqa: PLC0415 - as above
    from cloud_api.notices.templates import facts_of  # noqa: PLC0415 - as above
    from contracts.levels import Level  # noqa: PLC0415 - as above

    with errors_told():
        config, path = _plan_path(config_path)
        plan = load_plan(path)
        templates = open_templates(plan, path)
        now = datetime.now(UTC) if at_text is None else _moment(at_text)
        case = invented_case(
            level=Level(level),
            district=district,
            event_type=event_type,
            department=department,
            person=person,
            now=now,
        )
        addressing = Addressing(plan, _roster(config), config.utc_offset_minutes)
        lines: list[dict[str, object]] = []
        failed = False
        detail = invented_detail(department, person)
        for one in addressing.addressed(Occasion(occasion), case, detail, now):
            language = Language.ZH if one.person is None else one.person.language
            facts = facts_of(
                case,
                language,
                actor="test",
                reason="rehearsal",
                at_us=case.opened_at_us,
                utc_offset_minutes=config.utc_offset_minutes,
            )
            words = templates.staff(language, Occasion(occasion), facts, escalation=one.stage > 0)
            line: dict[str, object] = {
                "route": one.route,
                "stage": one.stage,
                "channel": one.channel,
                "to": "group" if one.person is None else one.person.id,
                "due_at": one.due_at.isoformat(),
                "title": words.title,
                "body": words.body,
            }
            if send and one.stage == 0:
                channel = plan.channel(one.channel)
                address = (
                    None if one.person is None else one.person.addresses[channel.address or ""]
                )
                message = Message(channel.id, address, words.title, words.body)
                try:
                    AppriseSender().send(channel, message)
                    line["outcome"] = "sent"
                except NoticeError as error:
                    line["outcome"] = str(error)
                    failed = True
            lines.append(line)
    if as_json:
        click.echo(msgspec.json.encode({"notices": lines}).decode())
    else:
        for line in lines:
            click.echo(
                f"{line['due_at']}  {line['channel']:<16} {line['to']:<16} {line['title']}"
                + (f"  [{line['outcome']}]" if "outcome" in line else "")
            )
        click.echo(f"{len(lines)} notices" + ("" if send else "; nothing was sent (--send does)"))
    sys.exit(1 if failed else 0)


def _plan_path(config_path: Path) -> "tuple[ApiConfig, Path]":
    from cloud_api.config import ApiConfig  # noqa: PLC0415 - --help stays quick
    from cloud_api.notices.errors import NoticePlanError  # noqa: PLC0415 - as above
    from runtime.yaml_document import load_config  # noqa: PLC0415 - as above

    config = load_config(config_path, ApiConfig)
    if config.notices is None:
        raise NoticePlanError(f"{config_path}: `notices` names no plan; see docs/notifications.md")
    return config, Path(config.notices)


def _roster(config: "ApiConfig") -> "Roster":
    from cloud_api.bootstrap import open_profile  # noqa: PLC0415 - --help stays quick
    from cloud_api.flow_choice import load_flows  # noqa: PLC0415 - as above

    return open_profile(config, load_flows(config.flow, config.flow_choices)).dispatcher.roster


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r}: expected like 2026-06-01T23:00:00+08:00") from error
    if at.tzinfo is None:
        raise click.BadParameter(f"{text!r}: say the time zone, like +08:00")
    return at.astimezone(UTC)
