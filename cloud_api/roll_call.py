"""Which loops an API has: what follows the logs, and what looks around every so often."""

from cloud_api.evidence.hashing import PictureHashing
from cloud_api.loops import Steps
from cloud_api.services import Services

__all__ = ["followers", "looping"]

_RETENTION_S = 600.0
"""Real seconds between looks for evidence that is old enough."""

_FOLLOW_S = 0.5
"""Real seconds between looks of what follows the logs: notices and the like."""

_ANSWERS_S = 0.2
"""Real seconds between looks for answers of boxes; somebody waits for the picture."""


def followers(services: Services) -> list[tuple[str, Steps]]:
    """Return what reads the logs and acts on them, each for itself."""
    webhooks: list[tuple[str, Steps]] = [
        (f"webhook-{each.endpoint.id}", each) for each in services.webhooks
    ]
    reading: list[tuple[str, Steps]] = [("false-alarms", services.false_alarms), *webhooks]
    if services.notices is None:
        return reading
    postmen = [(f"notices-{each.channel.id}", each) for each in services.notices.postmen]
    return [("notices", services.notices.writer), *postmen, *reading]


def looping(services: Services) -> list[tuple[str, Steps, float]]:
    """Return what runs in a thread of its own, with the real seconds between looks."""
    looking: list[tuple[str, Steps, float]] = [
        (name, steps, _FOLLOW_S) for name, steps in followers(services)
    ]
    if services.retention is not None:
        looking.append(("evidence-retention", services.retention, _RETENTION_S))
    hashing = PictureHashing(services.store, services.evidence)
    looking.append(("picture-hashes", hashing, _RETENTION_S))
    looking.append(("snapshots", services.snapshots, _ANSWERS_S))
    return [
        *looking,
        *((f"orders-{each.name}", each, each.every_s) for each in services.orders.pollers),
    ]
