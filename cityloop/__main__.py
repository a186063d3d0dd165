"""The ``cityloop`` command: every role behind one name, each loaded only when it is called."""

import importlib
from typing import NamedTuple

import click

__all__ = ["main"]


class _Role(NamedTuple):
    module: str
    extra: str | None
    summary: str


_ROLES = {
    "demo": _Role("cityloop.demo.commands", "all", "Run the whole loop here: storm in, cases out."),
    "up": _Role(
        "cityloop.stack.commands",
        "all",
        "Start hub, gateway and API on this machine and keep them running.",
    ),
    "chaos": _Role(
        "cityloop.chaos.commands",
        "all",
        "Kill every part in turn under load and count what got lost.",
    ),
    "exam": _Role(
        "cityloop.exam.commands",
        "all",
        "Run scenarios through the whole stack and score what it notices.",
    ),
    "explain": _Role("cityloop.explain", "gateway", "Tell why an event was raised."),
    "rules": _Role(
        "cityloop.rules_tools.commands",
        "gateway",
        "Check, test, replay, explain, compare and draw rule packs.",
    ),
    "edge": _Role("edge.__main__", "edge", "Run an edge box, or replay a video through it."),
    "gateway": _Role("gateway.__main__", "gateway", "Run the rule gateway."),
    "api": _Role("cloud_api.__main__", "cloud", "Run the central API and manage its keys."),
    "fleet": _Role(
        "cityloop.fleet.commands",
        "gateway",
        "Devices and boxes: registry, tokens, configuration, who is online.",
    ),
    "hub": _Role("cityloop.hub.commands", "hub", "Run the message hub (nats-server with MQTT)."),
    "sim": _Role("simulators.__main__", "sim", "Run the simulated city."),
    "doctor": _Role(
        "cityloop.doctor.commands", "gateway", "Check a broker for the traps that lose messages."
    ),
    "samples": _Role("cityloop.samples.commands", "edge", "List and fetch camera clips to try."),
    "models": _Role(
        "cityloop.models_catalogue.commands", "edge", "List and fetch detectors to try."
    ),
}


class _LazyGroup(click.Group):
    """Loads a role's command when it is asked for, so that one role needs no other's libraries."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click passes it
        return list(_ROLES)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click passes it
        cmd_name: str,
    ) -> click.Command | None:
        role = _ROLES.get(cmd_name)
        if role is None:
            return None
        try:
            command = importlib.import_module(role.module).main
        except ModuleNotFoundError as error:
            missing = error.name or "?"
            hint = f"; install it with: pip install 'cityloop[{role.extra}]'" if role.extra else ""
            msg = f"`cityloop {cmd_name}` needs the package {missing!r}{hint}"
            raise click.ClickException(msg) from error
        assert isinstance(command, click.Command)
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click passes it
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, role.summary) for name, role in _ROLES.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cityloop")
def main() -> None:
    """One network that manages the whole city 一网统管: sense, notice, decide, act, verify."""


if __name__ == "__main__":
    main()
