"""Reads YAML text into plain data, and remembers at which line and column every value stands.

Built on the event stream of PyYAML, because its own constructor reads YAML 1.1 (``on`` is True),
lets a later duplicate key win in silence and forgets positions.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from runtime.errors import ConfigError
from runtime.yaml_scalars import resolve_scalar

__all__ = ["Node", "compose"]

MAX_DEPTH = 100
"""Deepest nesting; a rule pack has about 8. Deeper would exhaust Python's stack."""

MAX_ALIASED = 10_000
"""Most values that aliases (``*name``) may repeat in one document: a few lines of text must not grow
into gigabytes ("billion laughs")."""

_KeyMarks = dict[str, tuple[int, int]]


class Node(msgspec.Struct, frozen=True):
    """One value of a document: its data, its position from 1, and what is inside it."""

    data: Any
    line: int
    column: int
    children: dict[str | int, "Node"] = {}
    key_marks: _KeyMarks = {}
    """Where each key of a mapping stands."""
    size: int = 1
    """How many values it holds, itself included."""


class _Composer:
    """Turns one document's events into nodes."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._text = text
        # the libyaml binding is about ten times as fast; wheels without it fall back
        loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=loader))
        self._anchors: dict[str, Node] = {}
        self._aliased = 0

    def _error(self, mark: Any, message: str) -> ConfigError:
        return ConfigError(self._name, mark.line + 1, mark.column + 1, message)

    def document(self) -> Node:
        """Return the root of the only document."""
        try:
            return self._document()
        except yaml.reader.ReaderError as error:
            raise self._reader_error(error) from error
        except yaml.MarkedYAMLError as error:
            raise self._syntax_error(error) from error

    def _document(self) -> Node:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(None, 1, 1)
        root = self._value(next(self._events), 0)
        next(self._events)  # the document's end
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._error(
                event.start_mark, "a second document begins; expected one, so remove the ---"
            )
        return root

    def _value(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise self._error(event.start_mark, f"nested deeper than {MAX_DEPTH}; flatten it")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None:
            raise self._error(
                event.start_mark, f"tag {event.tag!r}: tags are not supported; remove it"
            )
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            raise self._error(
                event.start_mark,
                f"alias *{event.anchor}: no &{event.anchor} ends before it; "
                "define it above, and not around itself",
            )
        self._aliased += node.size
        if self._aliased > MAX_ALIASED:
            raise self._error(
                event.start_mark,
                f"alias *{event.anchor}: aliases repeat more than {MAX_ALIASED} values; "
                "write them out or use fewer",
            )
        return node

    def _scalar(self, event: Any) -> Node:
        mark = event.start_mark
        data = resolve_scalar(event.value) if event.implicit[0] else event.value
        return Node(data, mark.line + 1, mark.column + 1)

    def _sequence(self, start: Any, depth: int) -> Node:
        children: dict[str | int, Node] = {}
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            children[len(children)] = self._value(event, depth + 1)
        mark = start.start_mark
        return Node(
            [child.data for child in children.values()],
            mark.line + 1,
            mark.column + 1,
            children,
            {},
            1 + sum(child.size for child in children.values()),
        )

    def _mapping(self, start: Any, depth: int) -> Node:
        children: dict[str | int, Node] = {}
        marks: _KeyMarks = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            if key in marks:
                raise self._error(
                    event.start_mark,
                    f"key {key!r} is already set at line {marks[key][0]}; keep one of them",
                )
            marks[key] = (event.start_mark.line + 1, event.start_mark.column + 1)
            children[key] = self._value(next(self._events), depth + 1)
        mark = start.start_mark
        return Node(
            {key: child.data for key, child in children.items()},
            mark.line + 1,
            mark.column + 1,
            children,
            marks,
            1 + sum(child.size for child in children.values()),
        )

    def _key(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent) or event.tag is not None:
            raise self._error(event.start_mark, "a key must be plain text")
        if event.value == "<<" and event.implicit[0]:
            raise self._error(
                event.start_mark, "merge keys (<<) are no part of YAML 1.2; write the keys out"
            )
        # keys are text, also those that look like numbers: `8: x` means the key "8"
        return str(event.value)

    def _reader_error(self, error: yaml.reader.ReaderError) -> ConfigError:
        before = self._text[: error.position]
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        character = error.character
        code = character if isinstance(character, int) else ord(str(character)[:1] or "\0")
        return ConfigError(
            self._name, line, column, f"character U+{code:04X} is not allowed in YAML; remove it"
        )

    def _syntax_error(self, error: yaml.MarkedYAMLError) -> ConfigError:
        mark = error.problem_mark or error.context_mark
        if mark is None:
            return ConfigError(self._name, 1, 1, str(error))
        lines = self._text.splitlines()
        line = lines[mark.line] if mark.line < len(lines) else ""
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return self._error(mark, "a tab indents this line; YAML wants spaces there")
        context = f" ({error.context})" if error.context else ""
        return self._error(mark, f"not valid YAML: {error.problem}{context}")


def compose(text: str, name: str) -> Node:
    """Return the root node of a YAML text that holds at most one document.

    Mapping keys are always text. An empty text is null.

    Args:
        text: the document.
        name: what to call it in errors, mostly its file name.

    Raises:
        ConfigError: malformed text, a duplicate key, a tag, or aliases that grow too large.
    """
    return _Composer(text, name).document()
