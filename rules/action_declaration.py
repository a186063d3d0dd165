"""The shape of a rule's actions as written: what devices are told when an event reaches a level."""

import msgspec

from contracts.levels import Level
from rules.operator_declaration import Declared

__all__ = ["ActionDeclaration", "ClearDeclaration"]

Argument = str | int | float | bool


class ClearDeclaration(Declared, frozen=True, kw_only=True):
    """``clear`` of an action: the command that takes it back."""

    command: str
    """Command to the same device, dotted lower case."""
    args: dict[str, Argument] = {}
    """Arguments of the command; a text may hold {name} like a title. Default none."""


class ActionDeclaration(Declared, frozen=True, kw_only=True):
    """One of ``actions``: a command to a device, given while an event has at least a level."""

    at: Level
    """Level from which on the command holds: blue, yellow or red."""
    command: str
    """Command, dotted lower case like sign.show."""
    device: str
    """Which device; may hold {name} like a title."""
    args: dict[str, Argument] = {}
    """Arguments of the command; a text may hold {name} like a title. Default none."""
    clear: ClearDeclaration | None = None
    """Command that takes it back when the level falls below or the event ends; default none."""
    guard: str | bool | None = msgspec.field(default=None)
    """Condition that must be known to be true when the command is given; default none."""
    at_most: str | None = None
    """How often a key may give the command, like ``1 per 10m``; default without limit."""
