"""Drivers that other packages bring: found by their entry point, held to the same port."""

from importlib.metadata import entry_points

from contracts.envelope import Place
from edge.sensors.config import PluginConfig
from edge.sensors.errors import SensorSetup
from edge.sensors.ports import SensorDriver

__all__ = ["PLUGIN_GROUP", "plugin_driver"]

PLUGIN_GROUP = "cityloop.sensors"
"""Group of entry points; each names a function of options and place that returns a driver."""


def plugin_driver(config: PluginConfig, place: Place | None) -> SensorDriver:
    """Return the driver that a plugin makes of its options.

    Raises:
        SensorSetup: there is no such plugin, it cannot be imported, or it does not take its options.
    """
    known = {point.name: point for point in entry_points(group=PLUGIN_GROUP)}
    point = known.get(config.plugin)
    if point is None:
        raise SensorSetup(
            f"sensor plugin {config.plugin!r} is not installed; installed are "
            f"{', '.join(sorted(known)) or 'none'}"
        )
    try:
        driver: SensorDriver = point.load()(config.options, config.place or place)
    except Exception as error:  # another package's code may raise anything
        raise SensorSetup(
            f"sensor plugin {config.plugin!r} ({point.value}) cannot be used: {error!r}"
        ) from error
    lacking = [
        name
        for name in ("name", "births", "per_message", "counters", "poll", "close")
        if not hasattr(driver, name)
    ]
    if lacking:
        raise SensorSetup(
            f"sensor plugin {config.plugin!r} gave a {type(driver).__name__} without "
            f"{', '.join(lacking)}; see edge.sensors.ports.SensorDriver"
        )
    return driver
