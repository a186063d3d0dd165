"""Cameras that refuse, say nothing, or hang up."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import Event, Thread

import pytest

from edge.cameras.pyav_source import PyAvSource
from edge.cameras.reconnect import CameraState, ReconnectingSource
from edge.errors import CameraFault, CameraSetup

_TIMEOUT_S = 0.6


@contextmanager
def _listener(answer: bytes | None) -> Iterator[int]:
    """Accept connections on a free port; say nothing (None), or answer once and hang up."""
    stopped = Event()
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)

        def accept() -> None:
            while not stopped.is_set():
                try:
                    client, _ = server.accept()
                except TimeoutError:
                    continue
                held.append(client)
                if answer is not None:
                    client.recv(4096)
                    client.sendall(answer)
                    client.close()

        thread = Thread(target=accept)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            stopped.set()
            thread.join()
            for client in held:
                client.close()


def _source(port: int) -> PyAvSource:
    return PyAvSource(
        "gate-3",
        f"rtsp://admin:s3cret@127.0.0.1:{port}/main",
        open_timeout_s=_TIMEOUT_S,
        read_timeout_s=_TIMEOUT_S,
    )


def test_a_camera_that_says_nothing_fails_within_the_timeout() -> None:
    """It accepts the connection and is silent: one clear error, in time, without the password."""
    with _listener(None) as port:
        started = time.monotonic()
        with pytest.raises(CameraFault) as caught:
            _source(port).open()
        elapsed_s = time.monotonic() - started

    assert (
        f"camera 'gate-3': rtsp://***@127.0.0.1:{port}/main gave no answer within 0.6 s; "
        "check its power, its network and its address"
    ) == str(caught.value)
    assert elapsed_s < _TIMEOUT_S + 1.5


@pytest.mark.parametrize(
    "answer",
    [b"", b"RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\nrubbish"],
    ids=["hangs-up", "unauthorized", "rubbish"],
)
def test_a_camera_that_answers_badly_is_a_fault(answer: bytes) -> None:
    """Hanging up, refusing the password and rubbish are faults that name the camera only."""
    with _listener(answer) as port, pytest.raises(CameraFault) as caught:
        _source(port).open()

    assert str(caught.value).startswith(f"camera 'gate-3': rtsp://***@127.0.0.1:{port}/main ")
    assert "s3cret" not in str(caught.value)


def test_a_closed_port_is_a_fault() -> None:
    """Nobody listens: refused, and the reason is told."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(CameraFault, match=r"could not be opened .*refused"):
        _source(port).open()


def test_an_unknown_transport_is_a_setup_error() -> None:
    """What the configuration got wrong is found before anything is opened."""
    with pytest.raises(CameraSetup, match="transport 'quic': expected tcp or udp"):
        PyAvSource("gate-3", "rtsp://127.0.0.1/main", transport="quic")


def test_reading_a_closed_camera_is_a_fault() -> None:
    """Forgetting open() gets a message, not a crash."""
    with pytest.raises(CameraFault, match="read before it was opened"):
        _source(1).read(0.1)


def test_a_silent_camera_never_stops_its_reader() -> None:
    """Behind the reconnecting source, silence is None and a counted fault, again and again."""
    with _listener(None) as port:
        source = ReconnectingSource(_source(port), Random(1), base_s=0.05, cap_s=0.1)
        frames = [source.read(0.2) for _ in range(4)]
        source.close()

    assert frames == [None] * 4
    assert source.counters["faults"] >= 2
    assert CameraState.CLOSED is source.state
    assert "gave no answer" in str(source.fault)
