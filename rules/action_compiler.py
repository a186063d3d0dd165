"""``actions``: what is declared becomes checked."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence

from contracts.levels import Level
from rules.action_declaration import ActionDeclaration, Argument
from rules.actions import Action
from rules.durations import parse_duration
from rules.ladder_compiler import compile_condition
from rules.titles import TitleTemplate, compile_title
from rules.vocabulary import FieldTable

__all__ = ["compile_actions"]

Fail = Callable[[Sequence[str | int], str], Exception]

_COMMAND = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_ARGUMENT = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LIMIT = re.compile(r"([0-9]{1,3}) per ([0-9].*)")
_MOST_ACTIONS = 16
_MOST_ARGUMENTS = 16
_LONGEST_DEVICE = 64


def compile_actions(
    declared: Sequence[ActionDeclaration],
    *,
    names: Collection[str],
    fields: FieldTable,
    levels: Collection[Level],
    fail: Fail,
) -> tuple[Action, ...]:
    """Return the actions of a rule.

    Args:
        declared: the ``actions`` section.
        names: what texts may show.
        fields: what guards may read.
        levels: levels that an event of the rule can have.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    if len(declared) > _MOST_ACTIONS:
        raise fail(("actions",), f"{len(declared)} actions; expected at most {_MOST_ACTIONS}")
    found: dict[str, Action] = {}
    for index, one in enumerate(declared):
        action = _ActionCompiler(("actions", index), names, fields, fail).compile(one, levels)
        if action.text in found:
            raise fail(("actions", index), "the same action stands twice; remove one")
        found[action.text] = action
    return tuple(found.values())


class _ActionCompiler:
    def __init__(
        self, here: tuple[str | int, ...], names: Collection[str], fields: FieldTable, fail: Fail
    ) -> None:
        self._here = here
        self._names = names
        self._fields = fields
        self._fail = fail

    def compile(self, declared: ActionDeclaration, levels: Collection[Level]) -> Action:
        if declared.at not in levels:
            known = ", ".join(level.value for level in levels)
            raise self._fail(
                (*self._here, "at"),
                f"no event of this rule becomes {declared.at.value}; expected one of {known}",
            )
        if len(declared.device) > _LONGEST_DEVICE:
            raise self._fail(
                (*self._here, "device"), f"expected at most {_LONGEST_DEVICE} characters"
            )
        limit, within_s = self._limit(declared.at_most)
        guard = None
        if declared.guard is not None:
            where = (*self._here, "guard")
            guard = compile_condition(where, declared.guard, self._fields, self._fail)
        clear = None
        if declared.clear is not None:
            here = (*self._here, "clear")
            clear = Action.template(
                self._command(here, declared.clear.command),
                self._arguments((*here, "args"), declared.clear.args),
            )
        give = Action.template(
            self._command(self._here, declared.command),
            self._arguments((*self._here, "args"), declared.args),
        )
        shown = " ".join(f"{name}={value}" for name, value in declared.args.items())
        return Action(
            text=f"{declared.at.value} {declared.device} {declared.command} {shown}".rstrip(),
            level=declared.at,
            device=self._text((*self._here, "device"), declared.device),
            give=give,
            clear=clear,
            guard=None if guard is None else guard.node,
            limit=limit,
            within_s=within_s,
        )

    def _command(self, here: tuple[str | int, ...], text: str) -> str:
        if _COMMAND.fullmatch(text) is None or len(text) > _LONGEST_DEVICE:
            raise self._fail(
                (*here, "command"), f"{text[:40]!r}: expected dotted lower case like sign.show"
            )
        return text

    def _arguments(
        self, here: tuple[str | int, ...], args: Mapping[str, Argument]
    ) -> dict[str, TitleTemplate | float | bool]:
        if len(args) > _MOST_ARGUMENTS:
            raise self._fail(here, f"{len(args)} arguments; expected at most {_MOST_ARGUMENTS}")
        found: dict[str, TitleTemplate | float | bool] = {}
        for name, value in args.items():
            if _ARGUMENT.fullmatch(name) is None:
                raise self._fail((*here, name), f"{name[:40]!r}: expected a name of a-z, 0-9, '_'")
            found[name] = self._text((*here, name), value) if isinstance(value, str) else value
        return found

    def _text(self, where: tuple[str | int, ...], text: str) -> TitleTemplate:
        try:
            return compile_title(text, self._names)
        except ValueError as failure:
            raise self._fail(where, str(failure)) from failure

    def _limit(self, text: str | None) -> tuple[int, float]:
        if text is None:
            return 0, 0.0
        where = (*self._here, "at_most")
        match = _LIMIT.fullmatch(text)
        if match is None or int(match.group(1)) < 1:
            raise self._fail(where, f"{text[:40]!r}: expected a number per a duration: 1 per 10m")
        try:
            return int(match.group(1)), parse_duration(match.group(2))
        except ValueError as failure:
            raise self._fail(where, str(failure)) from failure
