"""Tables of places: one rule for thousands of places, with the values of each looked up by key."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from contracts.envelope import Place
from rules.vocabulary import FieldTable

__all__ = ["NO_ROW", "PlaceRow", "PlaceTable"]


class PlaceRow(NamedTuple):
    """What a table says of one place; a column without a value is unknown there."""

    values: Mapping[str, float | bool | str]
    place: Place | None = None


NO_ROW: Final = PlaceRow(MappingProxyType({}))
"""What is said of a place that a table does not have."""


class PlaceTable(NamedTuple):
    """A table of places.

    Attributes:
        name: what the pack calls it.
        key: name of the key whose values its rows are found by.
        fields: its columns beside the key, lon and lat; numbers are in base units.
        rows: by key value.
    """

    name: str
    key: str
    fields: FieldTable
    rows: Mapping[str, PlaceRow]
