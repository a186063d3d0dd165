"""A click group whose commands are imported when they are called, so that one needs no other's libraries."""

import importlib
from collections.abc import Mapping
from typing import NamedTuple

import click

__all__ = ["LazyCommand", "LazyGroup"]


class LazyCommand(NamedTuple):
    """Where a command is.

    Attributes:
        module: the module that holds it.
        summary: a sentence for the list of commands.
        extra: the extra of the distribution that brings its libraries; None: the base does.
        name: of the command in the module.
    """

    module: str
    summary: str
    extra: str | None = None
    name: str = "main"


class LazyGroup(click.Group):
    """Loads a command when it is asked for.

    Args:
        commands: by the name that users type, in the order of the help.
        name: of the group.
        short_help: a sentence for the list of the group above.
        help: the first lines of the group's help.
    """

    def __init__(
        self,
        commands: Mapping[str, LazyCommand],
        *,
        name: str | None = None,
        short_help: str | None = None,
        help: str | None = None,  # noqa: A002 - click's own name
    ) -> None:
        super().__init__(
            name=name,
            help=help,
            short_help=short_help,
            context_settings={"help_option_names": ["-h", "--help"]},
        )
        self._lazy = dict(commands)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        """Return the names of the commands."""
        return list(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported now; None when there is none of that name.

        Raises:
            ClickException: a library that it needs is not installed; says which extra brings it.
        """
        where = self._lazy.get(cmd_name)
        if where is None:
            return None
        try:
            command = getattr(importlib.import_module(where.module), where.name)
        except ModuleNotFoundError as error:
            missing = error.name or "?"
            hint = (
                f"; install it with: pip install 'cityloop[{where.extra}]'" if where.extra else ""
            )
            msg = f"`{ctx.command_path} {cmd_name}` needs the package {missing!r}{hint}"
            raise click.ClickException(msg) from error
        assert isinstance(command, click.Command)
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click passes it
        formatter: click.HelpFormatter,
    ) -> None:
        """Write the list of commands, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, where.summary) for name, where in self._lazy.items()])
