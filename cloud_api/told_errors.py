"""How the API's commands say an error: one line on standard error, and exit status 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from cloud_api.errors import ApiError
from runtime.errors import RuntimeFault

__all__ = ["errors_told"]


@contextmanager
def errors_told() -> Iterator[None]:
    """Say our own errors, and those of the disk, in one line and leave with status 2."""
    try:
        yield
    except (ApiError, RuntimeFault, OSError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(2)
