"""A camera that wants another password."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from edge.cameras.pyav_source import PyAvSource
from edge.errors import CameraFault

pytestmark = pytest.mark.slow

_ANSWER = (
    'RTSP/1.0 401 Unauthorized\r\nCSeq: {number}\r\nWWW-Authenticate: Basic realm="camera"\r\n\r\n'
)


@pytest.fixture
def port() -> Iterator[int]:
    """Serve RTSP to nobody: every request is answered by 401."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(20.0)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.settimeout(5.0)
                number = 0
                try:
                    while client.recv(4096):
                        number += 1
                        client.sendall(_ANSWER.format(number=number).encode())
                except OSError:
                    continue

    thread = Thread(target=serve, daemon=True)
    thread.start()
    yield int(server.getsockname()[1])
    server.shutdown(socket.SHUT_RDWR)  # closing alone would leave `accept` waiting
    server.close()
    thread.join(timeout=10.0)


def test_a_wrong_password_is_told_without_it(port: int) -> None:
    """The fault names the camera and what to check; the password stands nowhere."""
    source = PyAvSource("gate-3", f"rtsp://admin:s3cret@127.0.0.1:{port}/main", open_timeout_s=5.0)
    with pytest.raises(CameraFault, match="check its address, user and password") as caught:
        source.open()

    assert "s3cret" not in str(caught.value)
    assert "gate-3" in str(caught.value)
