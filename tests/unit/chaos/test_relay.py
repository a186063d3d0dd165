"""The line that can be spoilt, between real sockets."""

import socket
import threading
from collections.abc import Iterator

import pytest

from cityloop.chaos.relay import LinkRelay
from cityloop.stack.loopback import free_ports


@pytest.fixture
def line() -> Iterator[tuple[LinkRelay, int]]:
    """Yield a relay before an echoing server, and the port to speak to."""
    near, far = free_ports(2)
    server = socket.create_server(("127.0.0.1", far))

    def echo() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_echo, args=(connection,), daemon=True).start()

    threading.Thread(target=echo, daemon=True).start()
    relay = LinkRelay(near, far)
    yield relay, near
    relay.close()
    # close alone leaves a blocked accept where it is
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def _echo(connection: socket.socket) -> None:
    with connection:
        try:
            while piece := connection.recv(1024):
                connection.sendall(piece)
        except OSError:
            return


def test_a_whole_line_passes_everything(line: tuple[LinkRelay, int]) -> None:
    """What is sent comes back."""
    with socket.create_connection(("127.0.0.1", line[1]), timeout=5.0) as box:
        box.sendall(b"hello")

        assert box.recv(1024) == b"hello"


def test_a_cut_line_breaks_and_refuses_until_it_is_restored(line: tuple[LinkRelay, int]) -> None:
    """A connection that stood ends, a new one ends at once, the one after passes again."""
    relay, port = line
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as box:
        box.sendall(b"hello")
        box.recv(1024)
        relay.cut()
        broken = _ended(box)
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as box:
        refused = _ended(box)
    relay.restore()
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as box:
        box.sendall(b"again")
        back = box.recv(1024)

    assert (broken, refused, back) == (True, True, b"again")


def _ended(box: socket.socket) -> bool:
    try:
        return box.recv(1024) == b""
    except ConnectionError:
        return True


def test_a_silent_line_keeps_what_was_said(line: tuple[LinkRelay, int]) -> None:
    """Nothing passes while it is silent; afterwards all does."""
    relay, port = line
    with socket.create_connection(("127.0.0.1", port), timeout=5.0) as box:
        box.sendall(b"before")
        box.recv(1024)
        relay.silence()
        box.sendall(b"meanwhile")
        box.settimeout(0.2)
        with pytest.raises(TimeoutError):
            box.recv(1024)
        relay.restore()
        box.settimeout(5.0)

        assert box.recv(1024) == b"meanwhile"
