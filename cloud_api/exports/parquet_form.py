"""Parquet: written in row groups to a temporary file, then sent in pieces."""

import importlib
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from types import ModuleType
from typing import IO

from cloud_api.errors import InvalidInput
from cloud_api.exports.rows import Row

__all__ = ["check_parquet", "parquet_chunks"]

_GROUP = 20_000
_CHUNK = 256 * 1024
_NUMBERS = frozenset({"lon", "lat"})
_COUNTS = frozenset({"rev", "version", "reopened", "events", "score"})
_FLAGS = frozenset({"open", "satisfied"})


def check_parquet() -> ModuleType:
    """Return pyarrow.

    Raises:
        InvalidInput: it is not installed.
    """
    try:
        pyarrow = importlib.import_module("pyarrow")  # 100 MB that few need
        importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise InvalidInput(
            "parquet: pyarrow is not installed here; run pip install 'cityloop[parquet]', or ask for csv"
        ) from error
    return pyarrow


def parquet_chunks(fields: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a table as Parquet; at most one row group is in memory.

    Raises:
        InvalidInput: pyarrow is not installed.
    """
    arrow = check_parquet()
    kinds = {
        name: arrow.float64()
        if name in _NUMBERS
        else arrow.int64()
        if name in _COUNTS
        else arrow.bool_()
        if name in _FLAGS
        else arrow.string()
        for name in fields
    }
    schema = arrow.schema(list(kinds.items()))
    source = iter(rows)
    with tempfile.TemporaryFile() as file:
        with arrow.parquet.ParquetWriter(file, schema) as writer:
            while group := list(islice(source, _GROUP)):
                writer.write_table(arrow.Table.from_pylist(group, schema=schema))
        file.seek(0)
        yield from _pieces(file)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_CHUNK):
        yield piece
