"""The shape of ``at_least`` as written: a condition that is so many of several."""

from typing import Annotated

import msgspec

from rules.operator_declaration import Declared

__all__ = ["TallyDeclaration"]


class TallyDeclaration(Declared, frozen=True, kw_only=True):
    """A condition of a ladder's step that holds when enough of several hold."""

    at_least: Annotated[int, msgspec.Meta(ge=1, le=16)]
    """How many must be true, 1 to 16."""
    of: Annotated[list[str | bool], msgspec.Meta(min_length=2, max_length=16)]
    """The conditions, 2 to 16."""
