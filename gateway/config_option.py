"""The options that several commands of the gateway share."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateway.config import GatewayConfig

__all__ = ["CONFIG", "JSON", "load_gateway_config"]

CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Configuration file, for example examples/gateway.yaml.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def load_gateway_config(config_path: Path) -> "GatewayConfig":
    """Return the configuration in a file; ends with exit code 2 when it is wrong."""
    from gateway.config import GatewayConfig  # noqa: PLC0415 - keeps --help fast
    from runtime.errors import ConfigError  # noqa: PLC0415
    from runtime.yaml_document import load_config  # noqa: PLC0415

    try:
        return load_config(config_path, GatewayConfig)
    except ConfigError as error:
        click.echo(str(error), err=True)
        sys.exit(2)
