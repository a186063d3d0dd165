"""Tables from Parquet files, where pyarrow is installed."""

import importlib
from pathlib import Path
from typing import Any

from cityloop.rules_tools.errors import DataRefused, MissingLibrary
from cityloop.rules_tools.sources.mapping import TableMapping
from cityloop.rules_tools.sources.table import ReadingTable, TableColumns
from contracts.profiles import DeviceProfile

__all__ = ["read_parquet"]

_CHUNK_ROWS = 50_000


def read_parquet(path: Path, mapping: TableMapping, profile: DeviceProfile) -> ReadingTable:
    """Return the readings in a Parquet file.

    Raises:
        MissingLibrary: pyarrow is not installed.
        DataRefused: it cannot be read.
    """
    try:
        pyarrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError as error:
        raise MissingLibrary(
            f"{path}: reading Parquet needs pyarrow; install it with: pip install pyarrow "
            "(or give the data as CSV)"
        ) from error
    try:
        with parquet.ParquetFile(path) as file:
            columns = TableColumns(path, file.schema_arrow.names, mapping, profile)
            first = 1
            for batch in file.iter_batches(batch_size=_CHUNK_ROWS):
                columns.add([column.to_pylist() for column in batch.columns], first)
                first += batch.num_rows
    except (OSError, pyarrow.ArrowException) as error:
        raise DataRefused(f"{path}: no Parquet file that can be read: {error}") from error
    return columns.done()
