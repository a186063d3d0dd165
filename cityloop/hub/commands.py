"""``cityloop hub``: run the message hub, look after it, register boxes."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cityloop.hub.config import HubConfig
    from cityloop.hub.login_sync import LoginSync

__all__ = ["main"]

_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path),
    default=Path("hub.yaml"),
    show_default=True,
    help="The hub's configuration.",
)

_SUPERVISE_S = 0.5


def _load(path: Path) -> HubConfig:
    from cityloop.hub.config import HubConfig  # noqa: PLC0415 - keeps --help quick
    from runtime.errors import ConfigError  # noqa: PLC0415 - as above
    from runtime.yaml_document import load_config  # noqa: PLC0415 - as above

    try:
        return load_config(path, HubConfig)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def main() -> None:
    """Run the message hub: nats-server with MQTT 3.1.1 and JetStream, users and streams.

    \b
    Examples:
      cityloop hub run --config hub.yaml
      cityloop hub add-box box-1 --district futian --site north-gate --config hub.yaml
      cityloop hub health --config hub.yaml
    """


@main.command()
@_CONFIG
@click.option(
    "--log-level",
    default="info",
    show_default=True,
    help="Least grave facts to log: debug, info, warning or error.",
)
def run(config_path: Path, log_level: str) -> None:
    """Run the hub until SIGTERM or SIGINT. Ends with status 1 when the server ends by itself."""
    from cityloop.hub.errors import HubError  # noqa: PLC0415 - keeps --help quick
    from cityloop.hub.store_watch import StoreWatch  # noqa: PLC0415 - as above
    from cityloop.hub.supervisor import Hub  # noqa: PLC0415 - as above
    from runtime.errors import SecretError  # noqa: PLC0415 - as above
    from runtime.logging import configure_logging  # noqa: PLC0415 - as above
    from runtime.process import stop_on_signals  # noqa: PLC0415 - as above

    config = _load(config_path)
    configure_logging("hub", log_level)
    hub = Hub(config)
    sync, watch = _login_sync(config), StoreWatch(hub)
    with stop_on_signals() as stop:
        try:
            hub.start()
            while hub.pid is not None and not stop.wait(_SUPERVISE_S):
                watch.step(time.monotonic())
                if sync is not None:
                    sync.step(time.monotonic())
        except (HubError, SecretError) as error:
            raise click.ClickException(str(error)) from error
        finally:
            died = hub.pid is None and not stop
            status = hub.stop()
    if died:
        raise click.ClickException(f"nats-server ended by itself with status {status}; see its log")


def _login_sync(config: HubConfig) -> LoginSync | None:
    """Return what follows the API's list of enrolled boxes, where one is configured."""
    if config.register is None:
        return None
    from random import Random  # noqa: PLC0415 - as below

    from cityloop.hub.login_sync import LoginSync  # noqa: PLC0415 - keeps --help quick
    from cityloop.hub.supervisor import reload_running  # noqa: PLC0415 - as above

    return LoginSync(config, config.register, reload_running, Random())


@main.command()
@_CONFIG
@click.option("--print", "show", is_flag=True, help="Print what nats-server would be given.")
def config(config_path: Path, show: bool) -> None:
    """Check the configuration; with --print, show nats-server's (it holds password hashes)."""
    from cityloop.hub.errors import HubError  # noqa: PLC0415 - keeps --help quick
    from cityloop.hub.server_config import render  # noqa: PLC0415 - as above
    from runtime.errors import SecretError  # noqa: PLC0415 - as above

    loaded = _load(config_path)
    try:
        text = render(loaded)
    except (HubError, SecretError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(text if show else f"{config_path}: good")


@main.command()
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def health(config_path: Path, as_json: bool) -> None:
    """Tell how the running hub is doing; status 1 when it is not well."""
    import msgspec  # noqa: PLC0415 - keeps --help quick

    from cityloop.hub.supervisor import check_health  # noqa: PLC0415 - as above

    found = check_health(_load(config_path))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        for name, value in msgspec.structs.asdict(found).items():
            click.echo(f"{name:16} {value}")
    sys.exit(0 if found.ok else 1)


@main.command("add-box")
@click.argument("name")
@click.option("--district", required=True, help="First level of its topics.")
@click.option("--site", required=True, help="Second level of its topics.")
@click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    help="Where its password goes (mode 0600). Default: NAME.password in the working folder.",
)
@_CONFIG
def add_box(
    name: str, district: str, site: str, credentials: Path | None, config_path: Path
) -> None:
    """Register box NAME and write its password into a file for it.

    A running hub takes it in at once; nobody is disconnected.
    """
    from cityloop.hub.errors import HubError  # noqa: PLC0415 - keeps --help quick
    from cityloop.hub.register import Register  # noqa: PLC0415 - as above
    from cityloop.hub.supervisor import reload_running  # noqa: PLC0415 - as above
    from contracts.errors import IdError  # noqa: PLC0415 - as above
    from runtime.private_file import write_private  # noqa: PLC0415 - as above

    loaded = _load(config_path)
    path = credentials or Path(f"{name}.password")
    if path.exists():
        raise click.ClickException(f"{path} exists already; name another --credentials file")
    taken = {user.name for user in loaded.users} | {box.box for box in loaded.boxes}
    if name in taken:
        raise click.ClickException(f"{name!r} is a user of {config_path} already; pick another id")
    try:
        password = Register(loaded.data).add(name, district, site, loaded.bcrypt_cost)
        write_private(path, password + "\n")
        running = reload_running(loaded)
    except (HubError, IdError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"password of box {name}: {path}")
    click.echo("the running hub knows it" if running else "the hub learns of it at its next start")


@main.command("remove-box")
@click.argument("name")
@_CONFIG
def remove_box(name: str, config_path: Path) -> None:
    """Strike off box NAME that `add-box` registered; a running hub cuts its session off."""
    from cityloop.hub.errors import HubError  # noqa: PLC0415 - keeps --help quick
    from cityloop.hub.register import Register  # noqa: PLC0415 - as above
    from cityloop.hub.supervisor import reload_running  # noqa: PLC0415 - as above

    loaded = _load(config_path)
    try:
        Register(loaded.data).remove(name)
        running = reload_running(loaded)
    except HubError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"box {name} is struck off" + (", its session cut" if running else ""))


@main.command("mosquitto-acl")
def print_mosquitto_acl() -> None:
    """Print an acl_file that gives a Mosquitto the permissions of this hub."""
    from cityloop.hub.mosquitto_acl import mosquitto_acl  # noqa: PLC0415 - keeps --help quick

    click.echo(mosquitto_acl(), nl=False)


if __name__ == "__main__":
    main()
