"""Options of the commands that draw pictures: of the simulator, and of who makes data sets with it."""

from collections.abc import Callable
from typing import Any

import click

__all__ = ["EMPHASES", "shot_options", "size_option"]

_Command = Callable[..., Any]

EMPHASES = ("smoke", "falling_object", "lorry", "crowd")
"""Of what a picture may hold more; the simulator's ``Emphasis``, whose code this package does not know."""

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
    """Return what gives a command ``--count``, ``--seed``, ``--size``, ``--per-scene`` and ``--emphasis``.

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
        click.option(
            "--emphasis",
            multiple=True,
            type=click.Choice(EMPHASES),
            help="Add more of it to half of the pictures; repeatable. The streets stay the same.",
        ),
    )

    def give(command: _Command) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give
