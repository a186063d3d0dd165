"""Free TCP ports on this machine's loopback."""

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack

__all__ = ["answers", "free_ports", "wait_until"]


def free_ports(count: int) -> list[int]:
    """Return ``count`` different TCP ports that were free a moment ago."""
    with ExitStack() as stack:
        ports = []
        for _ in range(count):
            probe = stack.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports.append(int(probe.getsockname()[1]))
        return ports


def answers(port: int, timeout_s: float = 0.5) -> bool:
    """Return whether something accepts connections on a loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout_s):
            return True
    except OSError:
        return False


def wait_until(condition: Callable[[], bool], timeout_s: float, *, every_s: float = 0.05) -> bool:
    """Wait for a condition; return whether it came true within ``timeout_s`` seconds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every_s)
    return True
