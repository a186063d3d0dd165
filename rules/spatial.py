"""Spatial tests of a sample: each a flag that conditions name like a field."""

from collections.abc import Callable
from typing import NamedTuple

from contracts.envelope import Place

__all__ = ["SpatialTest"]


class SpatialTest(NamedTuple):
    """One part of a spatial ``where``.

    Attributes:
        name: of the flag: inside, overlap or near.
        text: as shown in a cause.
        holds: whether a place passes; a sample without a place is unknown.
    """

    name: str
    text: str
    holds: Callable[[Place], bool]
