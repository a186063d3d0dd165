"""The plan of notices: one YAML file that says who is told of what, when, and through what."""

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from cloud_api.notices.errors import NoticePlanError
from cloud_api.notices.occasions import Occasion
from contracts.envelope import Id
from contracts.levels import Level
from runtime.yaml_document import convert, load_document

__all__ = [
    "Audience",
    "Channel",
    "Escalation",
    "Language",
    "NoticePlan",
    "Person",
    "QuietHours",
    "Reporters",
    "Route",
    "load_plan",
]

_TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
_ALL_LEVELS = (Level.BLUE, Level.YELLOW, Level.RED)


class Language(StrEnum):
    """In which language somebody is told."""

    ZH = "zh"
    EN = "en"


class QuietHours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of the local day in which messages wait until the end of them."""

    begin: _TimeOfDay
    """First minute, like ``22:00``. No default."""
    end: _TimeOfDay
    """First minute after them, like ``07:00``; before ``begin``: they pass midnight. No default."""
    except_levels: tuple[Level, ...] = (Level.RED,)
    """Levels whose messages do not wait. Default red."""


class Channel(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One way out: an address of ``apprise``, which holds secrets and so stands outside of the file.

    An address may hold ``{address}``: it becomes that of the person who is told. Without it the
    channel is a group's (a robot in a chat, a siren), told once whoever is meant.
    """

    id: Id
    """Name of the channel. No default."""
    url_env: str | None = None
    """Environment variable with the address. Default none: ``url_file`` names it."""
    url_file: str | None = None
    """File with the address. Default none: ``url_env`` names it."""
    address: str | None = None
    """Which of a person's ``addresses`` the channel takes, like ``email``. Default none: a group's channel."""
    attempts: Annotated[int, Meta(ge=1, le=100)] = 8
    """Attempts before a message is given up. Default 8."""
    retry_base_s: Annotated[float, Meta(gt=0.0)] = 5.0
    """Ceiling of the first pause between attempts, in seconds; it doubles each time. Default 5."""
    retry_cap_s: Annotated[float, Meta(gt=0.0)] = 900.0
    """Highest ceiling of a pause, in seconds. Default 900."""


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who can be told."""

    id: str
    """Id, as the roster and the cases name the person. No default."""
    roles: tuple[str, ...] = ()
    """Roles that audiences name, like ``shift-leader``. Default none."""
    department: Id | None = None
    """Department that the person belongs to. Default none."""
    language: Language = Language.ZH
    """Language of the messages. Default zh."""
    addresses: dict[str, str] = {}
    """Addresses by kind, like ``email`` and ``phone``. Default none."""
    quiet: QuietHours | None = None
    """The person's own quiet hours. Default: those of the plan."""


class Audience(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is meant: everybody whom one of these names."""

    roles: tuple[str, ...] = ()
    """Everybody with one of these roles. Default none."""
    people: tuple[str, ...] = ()
    """These people. Default none."""
    on_duty: tuple[str, ...] = ()
    """Who of these units is on duty at that moment, by the duty roster 值班. Default none."""
    department: bool = False
    """Everybody of the department that has the case, or got the sub-task. Default false."""
    assignee: bool = False
    """The person who has the case. Default false."""


class Escalation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is told when nobody has acknowledged the case after a while."""

    after_s: Annotated[float, Meta(gt=0.0)]
    """Seconds after the first message. No default."""
    to: Audience
    """Who is told then. No default."""
    channels: tuple[Id, ...]
    """Through which channels. No default."""


class Route(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the plan: on these occasions, these people, through these channels."""

    id: Id
    """Name of the line. No default."""
    occasions: tuple[Occasion, ...]
    """On which occasions. No default."""
    to: Audience = Audience()
    """Who is told. Default nobody: for channels of a group."""
    channels: tuple[Id, ...]
    """Through which channels. No default."""
    levels: tuple[Level, ...] = _ALL_LEVELS
    """For cases of which levels. Default all."""
    districts: tuple[Id, ...] = ()
    """For cases of which districts. Default all."""
    event_types: tuple[str, ...] = ()
    """For which event types, ``*`` for any characters. Default all."""
    escalate: tuple[Escalation, ...] = ()
    """What follows while nobody acknowledges. Default nothing."""


class Reporters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How those are told who reported something and left an address."""

    channels: tuple[Id, ...]
    """Channels tried: each that takes a kind of address which the reporter left. No default."""
    language: Language = Language.ZH
    """Language where the reporter named none. Default zh."""


class NoticePlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that is said about notices."""

    channels: tuple[Channel, ...]
    """Ways out. No default."""
    people: tuple[Person, ...] = ()
    """People who can be told. Default none."""
    routes: tuple[Route, ...] = ()
    """Who is told of what; every line that fits counts. Default none."""
    quiet: QuietHours | None = None
    """Quiet hours of everybody who has none of his own. Default none."""
    reporters: Reporters | None = None
    """How reporters are told. Default: by their tracking link only."""
    templates: str | None = None
    """Folder with ``zh.yaml`` and ``en.yaml``, from this file's folder. Default: the shipped ones."""

    def channel(self, name: str) -> Channel:
        """Return the channel with this name; it exists, the plan has been checked."""
        return next(channel for channel in self.channels if channel.id == name)

    def person(self, name: str) -> Person | None:
        """Return the person with this id."""
        return next((person for person in self.people if person.id == name), None)


def load_plan(path: Path) -> NoticePlan:
    """Return the plan in a file.

    Raises:
        ConfigError: the file is no valid document; the message has line and column.
        NoticePlanError: it contradicts itself.
    """
    plan = convert(load_document(path), NoticePlan)
    _unique((channel.id for channel in plan.channels), f"{path}: channel")
    _unique((person.id for person in plan.people), f"{path}: person")
    _unique((route.id for route in plan.routes), f"{path}: route")
    for channel in plan.channels:
        if (channel.url_env is None) == (channel.url_file is None):
            raise NoticePlanError(
                f"{path}: channel {channel.id}: give either url_env or url_file; the address holds "
                "secrets and does not belong into the plan"
            )
    known = {channel.id for channel in plan.channels}
    named = [(f"route {route.id}", name) for route in plan.routes for name in _channels(route)]
    if plan.reporters is not None:
        named += [("reporters", name) for name in plan.reporters.channels]
    for where, name in named:
        if name not in known:
            raise NoticePlanError(
                f"{path}: {where}: channel {name!r} does not exist; expected one of "
                f"{', '.join(sorted(known))}"
            )
    _check_people(plan, path)
    return plan


def _channels(route: Route) -> list[str]:
    return [*route.channels, *(name for stage in route.escalate for name in stage.channels)]


def _check_people(plan: NoticePlan, path: Path) -> None:
    people = {person.id for person in plan.people}
    roles = {role for person in plan.people for role in person.roles}
    for route in plan.routes:
        for audience in (route.to, *(stage.to for stage in route.escalate)):
            for kind, found, known in (
                ("person", audience.people, people),
                ("role", audience.roles, roles),
            ):
                unknown = sorted(set(found) - known)
                if unknown:
                    raise NoticePlanError(
                        f"{path}: route {route.id}: {kind} {unknown[0]!r} is nobody's; expected one of "
                        f"{', '.join(sorted(known)) or 'none: list people first'}"
                    )


def _unique(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise NoticePlanError(f"{what} {name!r} stands twice; name each once")
        seen.add(name)
