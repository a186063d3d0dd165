"""Brings what the rollouts wish for into the desired configurations of boxes."""

from collections.abc import Iterable
from datetime import datetime

from cloud_api.devices.desired import DesiredConfigs
from cloud_api.devices.register import DeviceRegister, EntryFilter, EntryKind
from cloud_api.model_registry.registry import ModelRegistry
from cloud_api.model_registry.rollout import with_models
from contracts.registry import BoxEntry

__all__ = ["all_boxes", "renew_models"]

_PAGE = 1_000


def all_boxes(register: DeviceRegister) -> list[BoxEntry]:
    """Return every box of the registry."""
    found: list[BoxEntry] = []
    while True:
        after = found[-1].box if found else ""
        page = register.list(EntryKind.BOX, EntryFilter(), after=after, limit=_PAGE)
        found += [item.entry for item in page if isinstance(item.entry, BoxEntry)]
        if len(page) < _PAGE:
            return found


def renew_models(
    models: ModelRegistry,
    desired: DesiredConfigs,
    boxes: Iterable[BoxEntry],
    now: datetime,
    *,
    by: str,
    reason: str,
) -> int:
    """Make new versions of the configurations of boxes that should run other models; return how many.

    Args:
        models: what is rolled out.
        desired: desired configurations.
        boxes: whose configurations.
        now: the moment.
        by: who asks.
        reason: why.
    """
    entries = list(boxes)
    wishes = models.wishes(entries)
    made = 0
    for box in entries:
        newest = desired.newest(box.box)
        config = {} if newest is None else newest.config
        wanted = with_models(config, wishes[box.box])
        if wanted != config:
            desired.set(box, wanted, now, by=by, reason=reason)
            made += 1
    return made
