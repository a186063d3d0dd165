"""Waking a thread that waits in a poll."""

import socket

__all__ = ["WakePipe"]


class WakePipe:
    """A pair of sockets: any thread rings, the waiting one polls :meth:`fileno` and is woken."""

    def __init__(self) -> None:
        self._out, self._in = socket.socketpair()
        self._out.setblocking(False)
        self._in.setblocking(False)

    def fileno(self) -> int:
        """Return what to poll for reading."""
        return self._in.fileno()

    def ring(self) -> None:
        """Wake whoever polls; rings add up to one."""
        try:
            self._out.send(b"\0")
        except OSError:
            return  # full: it is being woken already; closed: it has ended

    def drain(self) -> None:
        """Take the rings, so that the next poll waits again."""
        try:
            self._in.recv(4096)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Close both ends; nobody may poll any more."""
        self._out.close()
        self._in.close()
