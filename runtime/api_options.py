"""The options of every command that asks an API: its address, and the key."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = ["api_options"]

F = TypeVar("F", bound=Callable[..., Any])


def api_options(command: F) -> F:
    """Add the options that say which API is asked, and with which key."""
    for option in (
        click.option(
            "--api",
            envvar="CITYLOOP_API",
            default="http://127.0.0.1:8080",
            show_default=True,
            help="Base address of the API; also CITYLOOP_API.",
        ),
        click.option(
            "--key-file",
            envvar="CITYLOOP_KEY_FILE",
            type=click.Path(path_type=Path, dir_okay=False),
            help="File that holds a key of role admin; also CITYLOOP_KEY_FILE.",
        ),
    ):
        command = option(command)
    return command
