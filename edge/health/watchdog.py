"""Tells systemd that the box is up and that its loop goes round; who is silent is restarted.

Source: systemd, sd_notify(3) and sd_watchdog_enabled(3).
"""

import socket
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Self

import structlog

__all__ = ["Watchdog"]

_SHARE = 0.4
"""Share of the watchdog's time after which it is told again; systemd advises a half at most."""

_LOG = structlog.get_logger("edge.health")


class Watchdog:
    """Speaks on the socket that systemd named.

    Args:
        address: of the socket.
        period_s: seconds of silence after which systemd acts; None where it watches nothing.
        seconds: a clock that only grows, in seconds: systemd counts real time.
    """

    def __init__(
        self, address: str, period_s: float | None, *, seconds: Callable[[], float]
    ) -> None:
        # an abstract socket is written with an "@" for its leading zero byte
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every_s = None if period_s is None else period_s * _SHARE
        self._seconds = seconds
        self._due_s: float | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        self.counters: dict[str, int] = {"watchdog_told": 0, "watchdog_unheard": 0}

    @classmethod
    def of_environment(
        cls, environment: Mapping[str, str], pid: int, *, seconds: Callable[[], float]
    ) -> Self | None:
        """Return the one that systemd asks for; None where there is no systemd above us.

        Args:
            environment: the process's.
            pid: the process; systemd may watch another one.
            seconds: a clock that only grows, in seconds.
        """
        address = environment.get("NOTIFY_SOCKET", "")
        if not address:
            return None
        watched = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        microseconds = environment.get("WATCHDOG_USEC", "")
        period_s = int(microseconds) / 1e6 if watched and microseconds.isdigit() else None
        return cls(address, period_s, seconds=seconds)

    def step(self, now: datetime) -> None:  # noqa: ARG002 - systemd counts real time
        """Say that the box is up, once, and that its loop goes round, as often as is asked for."""
        moment = self._seconds()
        if self._due_s is None:
            self._tell("READY=1")
        elif self._every_s is None or moment < self._due_s:
            return
        if self._every_s is not None:
            self._tell("WATCHDOG=1")
            self.counters["watchdog_told"] += 1
        self._due_s = moment + (self._every_s or 0.0)

    def close(self) -> None:
        """Say that the box is stopping."""
        self._tell("STOPPING=1")
        self._socket.close()

    def _tell(self, words: str) -> None:
        try:
            self._socket.sendto(words.encode(), self._address)
        except OSError as error:
            self.counters["watchdog_unheard"] += 1
            if self.counters["watchdog_unheard"] == 1:
                _LOG.warning("watchdog_unheard", reason=str(error))
