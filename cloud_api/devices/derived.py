"""What follows from the registry for the configuration of boxes: the priorities of their devices."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from cloud_api.devices.desired import DesiredConfigs
from cloud_api.devices.register import DeviceRegister, EntryFilter, EntryKind
from contracts.registry import BoxEntry, DeviceEntry

__all__ = ["PRIORITIES", "priorities_of", "renew_priorities", "with_priorities"]

PRIORITIES = "priorities"
"""Section of a desired configuration: subject to priority, 0 is the urgent lane 绿色通道."""
_PAGE = 1_000


def priorities_of(register: DeviceRegister, box: str) -> dict[str, int]:
    """Return the priorities that the registry gives to the devices of a box, by device."""
    found: dict[str, int] = {}
    after = ""
    while True:
        page = register.list(EntryKind.DEVICE, EntryFilter(box=box), after=after, limit=_PAGE)
        for item in page:
            assert isinstance(item.entry, DeviceEntry)
            after = item.entry.device
            if item.entry.priority is not None:
                found[after] = item.entry.priority
        if len(page) < _PAGE:
            return found


def with_priorities(config: dict[str, Any], priorities: dict[str, int]) -> dict[str, Any]:
    """Return a configuration with the registry's priorities in it, and no others."""
    rest = {name: value for name, value in config.items() if name != PRIORITIES}
    return rest | {PRIORITIES: priorities} if priorities else rest


def renew_priorities(
    register: DeviceRegister, desired: DesiredConfigs, boxes: Iterable[str], now: datetime, by: str
) -> int:
    """Make new versions for boxes whose devices have other priorities now; return how many.

    Args:
        register: the registry.
        desired: desired configurations.
        boxes: boxes whose devices changed; those that are not registered are left out.
        now: the moment.
        by: who changed the registry.
    """
    made = 0
    for box in sorted(set(boxes)):
        found = register.find(EntryKind.BOX, box)
        if found is None or not isinstance(found.entry, BoxEntry):
            continue
        newest = desired.newest(box)
        config = {} if newest is None else newest.config
        wanted = with_priorities(config, priorities_of(register, box))
        if wanted != config:
            desired.set(found.entry, wanted, now, by=by, reason="priorities of the registry")
            made += 1
    return made
