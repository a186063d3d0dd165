"""systemd hears that the box is up, that it goes on, and that it stops."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from edge.health.watchdog import Watchdog

NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Yield the socket that systemd would listen on."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.setblocking(False)
        yield heard


def words(listener: socket.socket) -> list[str]:
    """Return what was said since the last look."""
    found = []
    while True:
        try:
            found.append(listener.recv(100).decode())
        except BlockingIOError:
            return found


def watchdog(listener: socket.socket, clock: list[float], **more: str) -> Watchdog:
    """Return a box's side of the socket."""
    environment = {"NOTIFY_SOCKET": str(listener.getsockname()), "WATCHDOG_USEC": "10000000"}
    made = Watchdog.of_environment(environment | more, 42, seconds=lambda: clock[0])
    assert made is not None
    return made


def test_it_says_ready_once_and_alive_while_the_loop_goes_round(listener: socket.socket) -> None:
    """At most four tenths of the watchdog's time lie between two signs of life."""
    clock = [0.0]
    told = watchdog(listener, clock)
    heard = []
    for tenth in range(101):
        clock[0] = tenth / 10.0
        told.step(NOW)
        heard += [(clock[0], word) for word in words(listener)]
    told.close()

    assert [word for _, word in heard] == ["READY=1", *["WATCHDOG=1"] * 3]
    assert [moment for moment, word in heard if word == "WATCHDOG=1"] == [0.0, 4.0, 8.0]
    assert words(listener) == ["STOPPING=1"]


def test_a_loop_that_stands_still_says_nothing(listener: socket.socket) -> None:
    """No thread of its own keeps a dead box alive."""
    clock = [0.0]
    told = watchdog(listener, clock)
    told.step(NOW)
    words(listener)
    clock[0] = 100.0

    assert words(listener) == []
    told.close()


def test_it_stays_silent_about_another_process(listener: socket.socket) -> None:
    """Systemd watches somebody else: only readiness is told."""
    told = watchdog(listener, [0.0], WATCHDOG_PID="7")
    told.step(NOW)
    told.close()

    assert words(listener) == ["READY=1", "STOPPING=1"]


def test_without_systemd_there_is_none() -> None:
    """A box that was started by hand tells nobody."""
    assert Watchdog.of_environment({}, 42, seconds=lambda: 0.0) is None


def test_a_socket_that_is_gone_is_counted(tmp_path: Path) -> None:
    """The box goes on whatever becomes of systemd."""
    told = Watchdog(str(tmp_path / "nobody"), 10.0, seconds=lambda: 0.0)
    told.step(NOW)
    told.close()

    assert told.counters["watchdog_unheard"] == 3
