"""Groups: one event for many keys that find the same thing at about the same time.

The keys live their own lives; what they say is told as one event, which names its members. It is told
``wait`` after its first member had something to say, or the members' news at most once every ``wait``;
a graver level and the end are told at once. A member that came and went within the wait is told all
the same: nothing that was found is lost.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from msgspec import Struct, structs

from contracts.event import EventPhase, Title
from contracts.ids import episode_id
from contracts.levels import Level, level_rank
from contracts.readings import moment
from rules.breach import Breach, GroupSection
from rules.errors import StateError
from rules.judge import RunningRule

__all__ = ["GROUPED", "GROUP_KEY", "MOST_MEMBERS", "Groups"]

GROUP_KEY: Final = "\x1fgroup"
"""Names of groups among the key states begin like this; no rule id does."""
GROUPED: Final = "group"
"""Part of a rule that speaks for a group of its keys."""
MOST_MEMBERS: Final = 50
"""Most members that a statement names; all of them count."""


class _Member(Struct, array_like=True):
    """One key's event within a group."""

    event_id: str
    level: Level
    onset_at: float
    open: bool = True


class _Group(Struct, array_like=True):
    """One group: what its members say, and what was told of it."""

    rule: str
    part: str
    key: dict[str, str]
    wait_s: float
    members: dict[str, _Member]
    """By key values, joined."""
    last: Breach
    """What a member said last."""
    due: float | None
    """When it has something to tell, in arrival time; None: nothing."""
    event_id: str | None = None
    rev: int = -1
    onset_at: float = 0.0
    level: Level = Level.BLUE

    @property
    def name(self) -> str:
        """Name among the states of an engine."""
        return "\x1f".join((GROUP_KEY, self.rule, self.part, *self.key.values()))

    @property
    def open_members(self) -> dict[str, _Member]:
        """Those whose events are open."""
        return {name: one for name, one in self.members.items() if one.open}


class Groups:
    """The groups of an engine."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._of_event: dict[str, _Group] = {}
        """Groups by the event of a member."""
        self._dirty: set[str] = set()
        self.gathers = False
        """Whether any rule in force has a group, or a group is left of one that had."""

    def use(self, running: Mapping[str, RunningRule]) -> None:
        """Take note of the rules in force."""
        self.gathers = bool(self._groups) or any(
            _section(one, part) is not None
            for one in running.values()
            for part in ("ladder", "absence")
        )

    def gather(
        self, breaches: Sequence[Breach], running: Mapping[str, RunningRule], now: float
    ) -> list[Breach]:
        """Return statements as they are to be told: those of members give way to their group's."""
        told: list[Breach] = []
        for breach in breaches:
            group = self._of_event.get(breach.event_id)
            rule = running.get(breach.rule)
            section = None if rule is None else _section(rule, breach.part)
            if group is None and (section is None or breach.phase is EventPhase.END):
                told.append(breach)
                continue
            if group is None and section is not None:
                group = self._join(breach, section, now)
            if group is not None:
                told += self._hear(group, breach, now)
        return told

    def tick(self, now: float) -> list[Breach]:
        """Return what groups have to tell by ``now``."""
        due = [one for one in self._groups.values() if one.due is not None and one.due <= now]
        return [
            breach for one in sorted(due, key=lambda one: one.name) for breach in self._tell(one)
        ]

    def members_of(self, event_id: str) -> list[str]:
        """Return the events of the open members of a group's event."""
        for group in self._groups.values():
            if group.event_id == event_id:
                return [one.event_id for one in group.open_members.values()]
        return []

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return the groups that changed since the last call; None: it is gone."""
        blobs = {
            name: _ENCODER.encode(self._groups[name]) if name in self._groups else None
            for name in sorted(self._dirty)
        }
        self._dirty.clear()
        return blobs

    def restore(self, name: str, blob: bytes) -> None:
        """Take back a group.

        Raises:
            StateError: the bytes are none.
        """
        try:
            group = _DECODER.decode(blob)
        except msgspec.DecodeError as failure:
            msg = f"group {name!r}: not a snapshot ({failure}); start without it"
            raise StateError(msg) from failure
        self._groups[group.name] = group
        self._of_event |= {one.event_id: group for one in group.members.values()}

    def encode(self) -> bytes:
        """Return all groups as bytes; equal groups give equal bytes."""
        return _ENCODER.encode([self._groups[name] for name in sorted(self._groups)])

    def _join(self, breach: Breach, section: GroupSection, now: float) -> _Group:
        key = {name: breach.within.get(name, "") for name in section.by}
        fresh = _Group(
            breach.rule, breach.part, key, section.wait_s, {}, breach, now + section.wait_s
        )
        group = self._groups.setdefault(fresh.name, fresh)
        group.wait_s = section.wait_s
        return group

    def _hear(self, group: _Group, breach: Breach, now: float) -> list[Breach]:
        """Take in what a member says; return what has to be told of it at once."""
        ends = breach.phase is EventPhase.END
        name = "/".join(breach.key.values())
        group.members[name] = _Member(breach.event_id, breach.level, breach.onset_at, not ends)
        self._of_event[breach.event_id] = group
        group.last = breach
        self._dirty.add(group.name)
        if group.due is None:
            group.due = now + group.wait_s
        over = not group.open_members
        if group.event_id is not None and (over or _level(group) != group.level):
            group.due = now
        if breach.orders:
            # commands do not wait for other members
            *before, last = self._tell(group)
            return [*before, structs.replace(last, orders=breach.orders)]
        return self._tell(group) if group.due <= now else []

    def _tell(self, group: _Group) -> list[Breach]:
        """Return what there is to say of a group."""
        group.due = None
        self._dirty.add(group.name)
        told: list[Breach] = []
        level, opens = _level(group), group.event_id is None
        if opens:
            group.onset_at = min(one.onset_at for one in group.members.values())
            part = "" if group.part == "ladder" else f"/{group.part}"
            group.event_id = episode_id(
                f"{group.rule}{part}/group", group.key, moment(group.onset_at)
            )
            told.append(self._statement(group, EventPhase.OPEN, level))
        if not group.open_members:
            told.append(self._statement(group, EventPhase.END, group.level))
            del self._groups[group.name]
            for one in group.members.values():
                self._of_event.pop(one.event_id, None)
        elif not opens:
            told.append(self._statement(group, EventPhase.UPDATE, level))
        for name in [name for name, one in group.members.items() if not one.open]:
            # what has ended was told; an event of the same key is another member
            self._of_event.pop(group.members.pop(name).event_id, None)
        return told

    @staticmethod
    def _statement(group: _Group, phase: EventPhase, level: Level) -> Breach:
        last, ends = group.last, phase is EventPhase.END
        group.rev += 1
        group.level = level
        shown = group.members if ends or phase is EventPhase.OPEN else group.open_members
        count = len(shown)
        title = last.title
        if count > 1:
            title = Title(zh=f"{title.zh} 等{count}处", en=f"{title.en} and {count - 1} more")
        at = max(last.at, group.onset_at)
        alone = count == 1
        return structs.replace(
            last,
            event_id=group.event_id or "",
            rev=group.rev,
            phase=phase,
            level=level,
            key=dict(group.key),
            onset_at=group.onset_at,
            at=at,
            ended_at=min(max(last.ended_at or at, group.onset_at), at) if ends else None,
            title=title,
            part=GROUPED,
            cause=structs.replace(
                last.cause, values={**last.cause.values, "members": float(count)}
            ),
            members=tuple(sorted(shown))[:MOST_MEMBERS],
            orders=(),
            subject=last.subject if alone else None,
            dedupe="|".join((last.event.type, *(f"{n}={v}" for n, v in group.key.items()))),
        )


def _level(group: _Group) -> Level:
    """Return the gravest level of the open members; of all where none is open."""
    members = group.open_members or group.members
    return max((one.level for one in members.values()), key=level_rank)


def _section(running: RunningRule, part: str) -> GroupSection | None:
    if part == "ladder":
        return running.rule.event.group
    absence = running.rule.operators.absence
    return absence.group if part == "absence" and absence is not None else None


_ENCODER: Final = msgspec.msgpack.Encoder(order="deterministic")
_DECODER: Final = msgspec.msgpack.Decoder(_Group)
