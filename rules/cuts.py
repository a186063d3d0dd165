"""The numbers at which conditions can change: between two of them they judge all values alike."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rules.expression import Node
from rules.expression.tree import Binary, Field, Literal, Membership, Unary, walk

__all__ = ["Cell", "FieldCuts", "cuts_of"]


class Cell(NamedTuple):
    """Within these values of a number, both included, no condition changes."""

    field: str
    low: float
    high: float


class FieldCuts:
    """Where conditions on one field can change.

    Attributes:
        field: its name.
        numbers: the numbers, ascending; None where they may change anywhere.
        cells: what lies between two of them, by the index of the upper one; takes what is found.
    """

    __slots__ = ("cells", "field", "numbers")

    def __init__(self, field: str, parts: Sequence[Sequence[float] | None]) -> None:
        self.field = field
        self.cells: dict[int, Cell] = {}
        self.numbers: list[float] | None = None
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            self.numbers = sorted({number for part in known for number in part})


def cuts_of(nodes: Iterable[Node]) -> tuple[float, ...] | None:
    """Return the numbers at which conditions may change, ascending; None where they may anywhere."""
    cuts: set[float] = set()
    for node in nodes:
        for part in walk(node):
            if isinstance(part, Literal):
                continue
            if not _compares(part):
                return None
            cuts.update(_constants(part))
    return tuple(sorted(cuts))


def _compares(part: Node) -> bool:
    """Return whether a node only compares a bare field with constants, or is logic."""
    if isinstance(part, Binary):
        logic = part.operator in {"&&", "||"}
        return logic or {type(part.left), type(part.right)} == {Field, Literal}
    if isinstance(part, Unary):
        return part.operator == "!"
    if isinstance(part, Membership):
        return isinstance(part.operand, Field)
    return isinstance(part, Field)


def _constants(part: Node) -> Iterator[float]:
    literals: tuple[Node, ...] = ()
    if isinstance(part, Binary):
        literals = (part.left, part.right)
    elif isinstance(part, Membership):
        literals = part.items
    for one in literals:
        if isinstance(one, Literal) and isinstance(one.value, int | float):
            yield float(one.value)
