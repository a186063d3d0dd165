"""Options of the commands that draw pictures: of the simulator, and of who makes data sets with it."""

from collections.abc import Callable
from typing import Any

import click

__all__ = ["shot_options", "size_option"]

_Command = Callable[..., Any]

size_option = click.option(
    "--size",
    type=(click.IntRange(64, 4096), click.IntRange(64, 4096)),
    default=(640, 360),
    show_default=True,
    help="Columns and rows.",
)
"""Size of a picture, pixels."""


def shot_options(
    *, seed_of: str, per_scene: int, scene: str
) -> Callable[[_Command], Callable[..., Any]]:
    """Return what gives a command ``--count``, ``--seed``, ``--size`` and ``--per-scene``.

    Args:
        seed_of: what hangs on the seed, for the help.
        per_scene: default of ``--per-scene``.
        scene: what so many pictures are of, for the help.
    """
    options = (
        click.option(
            "--count",
            type=click.IntRange(1, 1_000_000),
            default=1000,
            show_default=True,
            help="How many pictures.",
        ),
        click.option(
            "--seed",
            type=click.IntRange(0, 2**31),
            default=1,
            show_default=True,
            help=f"Of {seed_of}.",
        ),
        size_option,
        click.option(
            "--per-scene",
            type=click.IntRange(1, 10_000),
            default=per_scene,
            show_default=True,
            help=f"Pictures of each {scene}.",
        ),
    )

    def give(command: _Command) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give
