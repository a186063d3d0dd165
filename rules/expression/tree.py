"""The neutral tree of an expression: immutable nodes that know where they stood in the text."""

from collections.abc import Iterator

from msgspec import Struct

__all__ = [
    "Binary",
    "Call",
    "Choice",
    "Field",
    "Literal",
    "Membership",
    "Node",
    "Tally",
    "Unary",
    "children",
    "field_names",
    "walk",
]


class _Span(Struct, frozen=True, kw_only=True):
    """Where a node stood: character offsets, ``end`` exclusive."""

    start: int
    end: int


class Literal(_Span, frozen=True, kw_only=True):
    """A constant. Numbers are doubles in the base unit of ``unit``, which is as written."""

    value: float | bool | str
    unit: str | None = None


class Field(_Span, frozen=True, kw_only=True):
    """A field of the watched sample."""

    name: str


class Unary(_Span, frozen=True, kw_only=True):
    """``!`` or ``-`` before an operand."""

    operator: str
    operand: "Node"


class Binary(_Span, frozen=True, kw_only=True):
    """Two operands: logic, comparison or arithmetic."""

    operator: str
    left: "Node"
    right: "Node"


class Choice(_Span, frozen=True, kw_only=True):
    """``condition ? then : otherwise``."""

    condition: "Node"
    then: "Node"
    otherwise: "Node"


class Membership(_Span, frozen=True, kw_only=True):
    """``operand in [a, b, ...]``, a list of constants."""

    operand: "Node"
    items: tuple[Literal, ...]


class Call(_Span, frozen=True, kw_only=True):
    """A call of one of the few functions."""

    function: str
    arguments: tuple["Node", ...]


class Tally(_Span, frozen=True, kw_only=True):
    """At least so many of several conditions; packs write it as a mapping, not in an expression."""

    least: int
    of: tuple["Node", ...]


Node = Literal | Field | Unary | Binary | Choice | Membership | Call | Tally


def children(node: Node) -> tuple[Node, ...]:
    """Return the direct operands of a node, in text order."""
    if isinstance(node, Unary | Membership):
        return (node.operand,)
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Choice):
        return (node.condition, node.then, node.otherwise)
    if isinstance(node, Call):
        return node.arguments
    if isinstance(node, Tally):
        return node.of
    return ()


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and everything below it, outermost first."""
    yield node
    for child in children(node):
        yield from walk(child)


def field_names(*nodes: Node) -> tuple[str, ...]:
    """Return the names of all fields that the nodes read, each once, in text order."""
    names = {part.name: None for node in nodes for part in walk(node) if isinstance(part, Field)}
    return tuple(names)
