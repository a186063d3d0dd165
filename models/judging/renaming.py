"""The option ``--rename``: a class of the model that the labels call otherwise."""

import click

__all__ = ["RENAME"]


def _renames(
    _context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]
) -> dict[str, str]:
    """Return the labels' class by the model's."""
    renamed = {}
    for pair in value:
        own, equals, label = pair.partition("=")
        if not (own and equals and label):
            raise click.BadParameter(f"{pair!r}: expected MODEL=LABEL")
        renamed[own] = label
    return renamed


RENAME = click.option(
    "--rename",
    "renamed",
    multiple=True,
    callback=_renames,
    metavar="MODEL=LABEL",
    help="A class of the model that the labels call otherwise; repeatable.",
)
"""Gives the command a dict ``renamed``."""
