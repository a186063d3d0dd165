"""Actions: what devices are told when an event reaches a level, as data; somebody else delivers it.

An action is *on* from the statement with which its event reached ``at`` until the statement with
which the level falls below or the event ends; its own ``clear`` goes out with the latter. A command
that a guard or a limit held back is tried again with every later statement of the same event.
"""

import uuid
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from contracts.levels import Level, level_rank
from rules.expression import Node
from rules.titles import TitleTemplate

__all__ = [
    "Action",
    "ActionOrder",
    "ActionState",
    "Argument",
    "Commanded",
    "OrderKind",
    "Statement",
    "give_orders",
]

Argument = str | int | float | bool

_NAMESPACE: Final = uuid.UUID("b3f1e1f2-0c52-5d0e-8a55-5b6a4b6f7d21")


class OrderKind(StrEnum):
    """What an order does."""

    GIVE = "give"
    """It gives a command."""
    CLEAR = "clear"
    """It takes one back."""


class ActionOrder(Struct, frozen=True, kw_only=True):
    """One command to one device, to be delivered exactly once by ``id``."""

    id: str
    """UUIDv5 of event id, rev and place in the statement's orders: the same in every replay."""
    event_id: str
    rev: int
    rule: str
    kind: OrderKind
    device: str
    command: str
    args: dict[str, Argument] = {}
    at: float
    """Event time of the statement, in seconds since 1970 UTC."""


class Commanded(Struct, frozen=True, array_like=True):
    """A command with its arguments, texts filled in."""

    command: str
    args: dict[str, Argument]


class _Template(Struct, frozen=True):
    """A command with its arguments, texts still templates."""

    command: str
    args: tuple[tuple[str, TitleTemplate | float | bool], ...]

    def render(self, known: Mapping[str, object]) -> Commanded:
        """Return the command with its texts filled in."""
        return Commanded(
            self.command,
            {
                name: value.render(known) if isinstance(value, TitleTemplate) else value
                for name, value in self.args
            },
        )


class Action(Struct, frozen=True, kw_only=True):
    """One action of a rule, compiled."""

    text: str
    """What it is, in one line; two versions of a rule share the state of an action with one text."""
    level: Level
    device: TitleTemplate
    give: _Template
    clear: _Template | None = None
    guard: Node | None = None
    limit: int = 0
    """How many orders ``within_s``; 0: without limit."""
    within_s: float = 0.0

    @staticmethod
    def template(command: str, args: Mapping[str, TitleTemplate | float | bool]) -> _Template:
        """Return a command that is filled in when it is given."""
        return _Template(command, tuple(args.items()))


class ActionState(Struct, array_like=True):
    """What a key remembers of one action."""

    device: str | None = None
    """The device that was told; None: the action is not on."""
    clear: Commanded | None = None
    """What takes it back."""
    times: tuple[float, ...] = ()
    """When the last orders were given, in arrival time; as many as the limit counts."""


class Statement(Struct, frozen=True, kw_only=True):
    """What is told with the orders: one revision of an event."""

    rule: str
    event_id: str
    rev: int
    level: Level | None
    """Level that holds now; None: the event is over."""
    at: float
    now: float
    """When it is told, in arrival time."""
    known: Mapping[str, object]
    """What texts may show."""


def give_orders(
    actions: tuple[Action, ...],
    states: MutableMapping[str, ActionState],
    told: Statement,
    allowed: Mapping[str, bool],
    counters: MutableMapping[str, int],
) -> tuple[ActionOrder, ...]:
    """Return the orders that go with a statement, and take note of them.

    Args:
        actions: those of the rule, in order.
        states: what the key remembers, by the text of each action.
        told: the statement.
        allowed: by the text of an action whether its guard is known to be true.
        counters: ``guarded`` and ``throttled`` count commands that were held back.
    """
    wanted = {one.text: one for one in actions if level_rank(told.level) >= level_rank(one.level)}
    found: list[tuple[OrderKind, str, Commanded]] = []
    for text, state in list(states.items()):
        if text in wanted or state.device is None:
            continue
        if state.clear is not None:
            found.append((OrderKind.CLEAR, state.device, state.clear))
        states[text] = ActionState(times=state.times)
    for text, action in wanted.items():
        state = states.get(text) or ActionState()
        if state.device is not None:
            continue
        times = tuple(time for time in state.times if time > told.now - action.within_s)
        if not allowed.get(text, True):
            counters["guarded"] += 1
        elif action.limit and len(times) >= action.limit:
            counters["throttled"] += 1
        else:
            device = action.device.render(told.known)
            found.append((OrderKind.GIVE, device, action.give.render(told.known)))
            clear = None if action.clear is None else action.clear.render(told.known)
            times = (*times, told.now)[-action.limit :] if action.limit else ()
            states[text] = ActionState(device, clear, times)
    return tuple(
        ActionOrder(
            id=str(uuid.uuid5(_NAMESPACE, f"{told.event_id}\x1e{told.rev}\x1e{index}")),
            event_id=told.event_id,
            rev=told.rev,
            rule=told.rule,
            kind=kind,
            device=device,
            command=commanded.command,
            args=commanded.args,
            at=told.at,
        )
        for index, (kind, device, commanded) in enumerate(found)
    )
