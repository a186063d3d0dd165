"""Errors of the rule language.

RulesError (permanent)
├── ExpressionError   an expression that does not parse, does not type-check or is too large
├── PackError         packs that do not fit together
└── StateError        a state snapshot that this version cannot read

All are permanent: the same input fails the same way again. What is wrong with a pack is raised
through the ``error`` callable given to ``compile_pack``, because only its caller knows file and line.
"""

__all__ = ["ExpressionError", "PackError", "RulesError", "StateError"]


class RulesError(ValueError):
    """Base of every error of this package; permanent, never retried."""


class ExpressionError(RulesError):
    """What is wrong with an expression, and where.

    Attributes:
        reason: what was found, what was expected, what to do.
        source: text of the whole expression.
        start: offset of the offending part in characters.
        end: offset just after it.
    """

    def __init__(self, reason: str, source: str, start: int, end: int) -> None:
        self.reason = reason
        self.source = source
        self.start = min(start, len(source))
        self.end = max(self.start + 1, end)
        super().__init__(reason)

    @property
    def line(self) -> int:
        """Line within the expression, from 1."""
        return self.source.count("\n", 0, self.start) + 1

    @property
    def column(self) -> int:
        """Column within its line, from 1."""
        return self.start - (self.source.rfind("\n", 0, self.start) + 1) + 1

    def __str__(self) -> str:
        """Return the reason, then the offending line with carets under the offending part."""
        text = self.source.split("\n")[self.line - 1]
        width = max(1, min(self.end - self.start, len(text) - self.column + 1))
        first = max(0, self.column - 1 - 60)
        shown = text[first : first + 120]
        pointer = " " * (self.column - 1 - first) + "^" * min(width, 60)
        return (
            f"{self.reason} (line {self.line}, column {self.column} of the expression)"
            f"\n    {shown}\n    {pointer}"
        )


class PackError(RulesError):
    """Packs that are valid each for itself but cannot run side by side."""


class StateError(RulesError):
    """A key's state snapshot is not one of ours, or of a format this version does not read."""
