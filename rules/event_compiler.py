"""``event``: what is declared becomes checked, with its titles."""

import re
from collections.abc import Callable, Sequence

from rules.breach import EventSection, GroupSection
from rules.declaration import EventDeclaration
from rules.group_compiler import compile_group
from rules.statement import GRID_NAMES
from rules.titles import TitleTemplate, compile_title
from rules.vocabulary import FieldTable, Stream

__all__ = ["compile_event", "compile_titles", "match_text"]

Fail = Callable[[Sequence[str | int], str], Exception]

_EVENT_TYPE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
_PLAN = re.compile(r"[a-z0-9_-]{1,64}")


def compile_event(
    event: EventDeclaration, dedupe: tuple[str, ...], stream: Stream, fail: Fail
) -> EventSection:
    """Return the ``event`` section of a rule.

    Args:
        event: the section as written.
        dedupe: the checked names of ``dedupe``.
        stream: what the rule watches.
        fail: makes the error for a path below the rule.

    Raises:
        Exception: what ``fail`` makes.
    """
    here = ("event", "type")
    match_text(here, event.type, _EVENT_TYPE, "dotted lower case like water.ponding", fail)
    if event.preplan is not None:
        here = ("event", "preplan")
        match_text(here, event.preplan, _PLAN, "1 to 64 of a-z, 0-9, '_' and '-'", fail)
    frames = ("last",) if event.evidence is None else tuple(dict.fromkeys(event.evidence.frames))
    return EventSection(
        type=event.type,
        title=event.title,
        dedupe=dedupe,
        preplan=event.preplan,
        frames=frames,
        inhibits=tuple(event.inhibits),
        group=_group(event, stream, fail),
    )


def _group(event: EventDeclaration, stream: Stream, fail: Fail) -> GroupSection | None:
    if event.group is not None and event.remind is not None:
        raise fail(("event", "remind"), "not together with 'group': it speaks of single keys")

    def below(where: Sequence[str | int], message: str) -> Exception:
        return fail(("event", "group", *where), message)

    return compile_group(event.group, (*stream.keys, *GRID_NAMES), below)


def compile_titles(
    event: EventSection, stream: Stream, fields: FieldTable, fail: Fail
) -> tuple[TitleTemplate, TitleTemplate]:
    """Return the Chinese and the English title of an event; without a title its type.

    Raises:
        Exception: what ``fail`` makes.
    """
    if event.title is None:
        plain = TitleTemplate((event.type,))
        return plain, plain
    names = {*stream.keys, *fields}
    templates: list[TitleTemplate] = []
    for language, text in (("zh", event.title.zh), ("en", event.title.en)):
        try:
            templates.append(compile_title(text, names))
        except ValueError as failure:
            raise fail(("event", "title", language), str(failure)) from failure
    return templates[0], templates[1]


def match_text(
    where: Sequence[str | int], value: str, pattern: re.Pattern[str], expected: str, fail: Fail
) -> None:
    """Refuse a text that is not of a form.

    Raises:
        Exception: what ``fail`` makes.
    """
    if pattern.fullmatch(value) is None:
        name = ".".join(str(step) for step in where)
        raise fail(where, f"{name} {value[:80]!r}: expected {expected}")
