"""The ``cityloop`` command: every role behind one name, each loaded only when it is called."""

import click

from runtime.lazy_group import LazyCommand, LazyGroup

__all__ = ["main"]

_ROLES = {
    "demo": LazyCommand(
        "cityloop.demo.commands", "Run the whole loop here: storm in, cases out.", "all"
    ),
    "up": LazyCommand(
        "cityloop.stack.commands",
        "Start hub, gateway and API on this machine and keep them running.",
        "all",
    ),
    "chaos": LazyCommand(
        "cityloop.chaos.commands",
        "Kill every part in turn under load and count what got lost.",
        "all",
    ),
    "exam": LazyCommand(
        "cityloop.exam.commands",
        "Run scenarios through the whole stack and score what it notices.",
        "all",
    ),
    "explain": LazyCommand("cityloop.explain", "Tell why an event was raised.", "gateway"),
    "rules": LazyCommand(
        "cityloop.rules_tools.commands",
        "Check, test, replay, explain, compare and draw rule packs.",
        "gateway",
    ),
    "edge": LazyCommand("edge.__main__", "Run an edge box, or replay a video through it.", "edge"),
    "gateway": LazyCommand("gateway.__main__", "Run the rule gateway.", "gateway"),
    "api": LazyCommand("cloud_api.__main__", "Run the central API and manage its keys.", "cloud"),
    "fleet": LazyCommand(
        "cityloop.fleet.commands",
        "Devices and boxes: registry, tokens, configuration, who is online.",
        "gateway",
    ),
    "hub": LazyCommand(
        "cityloop.hub.commands", "Run the message hub (nats-server with MQTT).", "hub"
    ),
    "sim": LazyCommand("simulators.__main__", "Run the simulated city.", "sim"),
    "doctor": LazyCommand(
        "cityloop.doctor.commands", "Check a broker for the traps that lose messages.", "gateway"
    ),
    "samples": LazyCommand(
        "cityloop.samples.commands", "List and fetch camera clips to try.", "edge"
    ),
    "models": LazyCommand(
        "models.__main__", "A detector's life: fetch, train, judge, shrink, ship.", "edge"
    ),
}


main = click.version_option(package_name="cityloop")(
    LazyGroup(
        _ROLES,
        name="cityloop",
        help="""One network that manages the whole city 一网统管: sense, notice, decide, act, verify.

        \b
        Examples:
          cityloop demo                               one minute of storm, nothing to set up
          cityloop up                                 hub, gateway, API, console; kept running
          cityloop edge init rtsp://camera/stream     a box beside a camera
          cityloop rules new --profile water_level    a rule of your own
          cityloop exam --quick                       score it all on made-up cities
          cityloop models list                        detectors that can be had
        """,
    )
)


if __name__ == "__main__":
    main()
