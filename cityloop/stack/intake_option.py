"""The option that chooses how the gateway of a stack takes its messages from the hub."""

import click

__all__ = ["INTAKE_OPTION"]

INTAKE_OPTION = click.option(
    "--intake",
    type=click.Choice(["jetstream", "mqtt"]),
    default="jetstream",
    show_default=True,
    help="How the gateway takes messages from the hub.",
)
"""Names the parameter ``intake``."""
