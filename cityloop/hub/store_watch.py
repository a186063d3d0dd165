"""What nats-server does not do by itself: come back when its disk has room again.

After one write error it refuses every message for its streams until it is started again, and tells
MQTT publishers that it has them. Source: nats-server 2.15.1, tried on a full disk.
"""

import shutil

import structlog

from cityloop.hub.supervisor import Hub

__all__ = ["StoreWatch"]

_LOOK_EVERY_S = 2.0
_LEAST_FREE_BYTES = 16 * 1024 * 1024
"""Room that a server needs to come up and write; below it stays as it is."""
_WRITE_ERROR = "write error"

_log = structlog.get_logger(__name__)


class StoreWatch:
    """Starts a hub's server again once the disk that it could not write to has room.

    Args:
        hub: the hub, started.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._looked_at_s: float | None = None
        self._told = False
        self.restarts = 0

    def step(self, monotonic_s: float) -> None:
        """Look after the store, every two seconds.

        Raises:
            HubError: the server did not come up again.
        """
        if self._looked_at_s is not None and monotonic_s - self._looked_at_s < _LOOK_EVERY_S:
            return
        self._looked_at_s = monotonic_s
        health = self._hub.health()
        if health.ok or _WRITE_ERROR not in health.detail:
            return
        if not self._told:
            self._told = True
            _log.error("hub_store_unwritable", detail=health.detail)
        if shutil.disk_usage(self._hub.config.data).free < _LEAST_FREE_BYTES:
            return
        self._hub.stop()
        self._hub.start()
        self.restarts += 1
        self._told = False
        _log.warning("hub_restarted", reason="its disk has room again")
