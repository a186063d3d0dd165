"""A socket that reads and writes in large pieces.

paho-mqtt asks the kernel three times for every packet it reads and once for every packet it writes.
At ten thousand messages a second that is most of its work; with this between them it is not.
"""

import socket
import ssl

__all__ = ["BufferedSocket"]

_READ_BYTES = 65_536
_FLUSH_BYTES = 131_072
_HIGH_WATER_BYTES = 4_194_304
"""Beyond this nothing more is taken until the kernel has taken some."""


class BufferedSocket:
    """A connected, non-blocking socket with a buffer each way; one thread only.

    What :meth:`send` takes leaves with the next :meth:`flush`.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._received = b""
        self._read_at = 0
        self._unsent = bytearray()

    @property
    def unsent_bytes(self) -> int:
        """How many bytes wait for :meth:`flush`."""
        return len(self._unsent)

    def recv(self, size: int) -> bytes:
        """Return up to ``size`` bytes; empty when the other side has closed.

        Raises:
            BlockingIOError, ssl.SSLWantReadError: there is nothing yet.
            OSError: the connection is lost.
        """
        if self._read_at >= len(self._received):
            self._received = self._sock.recv(_READ_BYTES)
            self._read_at = 0
        piece = self._received[self._read_at : self._read_at + size]
        self._read_at += len(piece)
        return piece

    def send(self, data: bytes | bytearray) -> int:
        """Take all of ``data`` and return its length.

        Raises:
            BlockingIOError: too much waits already; flush first.
            OSError: the connection is lost.
        """
        if len(self._unsent) > _FLUSH_BYTES:
            self.flush()
            if len(self._unsent) > _HIGH_WATER_BYTES:
                raise BlockingIOError
        self._unsent += data
        return len(data)

    def flush(self) -> None:
        """Hand to the kernel what it takes without waiting.

        Raises:
            OSError: the connection is lost.
        """
        while self._unsent:
            try:
                sent = self._sock.send(self._unsent)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            del self._unsent[:sent]

    def pending(self) -> int:
        """Return how many received bytes can be had without asking the kernel."""
        waiting = len(self._received) - self._read_at
        if not waiting and isinstance(self._sock, ssl.SSLSocket):
            return self._sock.pending()
        return waiting

    def close(self) -> None:
        """Send what waits, as far as the kernel takes it, and close."""
        try:
            self.flush()
        except OSError:
            self._unsent.clear()
        self._sock.close()

    def fileno(self) -> int:
        """Return the file descriptor, -1 once closed."""
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        """Set whether the socket below blocks."""
        self._sock.setblocking(flag)
