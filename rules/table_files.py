"""Files beside a pack that its tables are in: what the compiler is given of them; reading is its caller's."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

__all__ = ["NO_FILES", "TableFile", "TableFiles"]

ErrorFactory = Callable[[Sequence[str | int], str], Exception]


class TableFile(NamedTuple):
    """One file.

    Attributes:
        text: what is in it.
        line_error: makes the error for a line of it, from 1.
        parse: returns the data in it, and what makes the error for a path of that data; only for
            YAML and GeoJSON. Raises what is made where the text is neither.
    """

    text: str
    line_error: Callable[[int, str], Exception]
    parse: Callable[[], tuple[object, ErrorFactory]]


TableFiles = Mapping[str, TableFile]
"""By name, as the pack gives it."""

NO_FILES: Final[TableFiles] = MappingProxyType({})
