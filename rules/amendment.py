"""What the quality gates say anew of a value that the rules have seen."""

from typing import NamedTuple

__all__ = ["Amendment"]


class Amendment(NamedTuple):
    """What rules may see of one field of a subject at one moment, other than they did."""

    at: float
    """Event time, seconds since 1970."""
    field: str
    value: float | None
    """None: nothing any more."""
