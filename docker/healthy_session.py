"""Exit 0 when this container holds a TCP connection to a broker; for services without a port.

Reads the kernel's table of connections, so it costs the broker nothing. A container has a network
of its own: whatever is connected here is the service. Source: proc(5), ``/proc/net/tcp``.
"""

# ruff: noqa: INP001 - copied into an image as a single file, never imported

import sys
from pathlib import Path

__all__ = ["connected_ports", "main"]

_ESTABLISHED = "01"
_TABLES = ("/proc/net/tcp", "/proc/net/tcp6")


def connected_ports(table: str) -> set[int]:
    """Return the remote ports of the established connections in a table of the kernel."""
    found: set[int] = set()
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 3 and fields[3] == _ESTABLISHED:
            found.add(int(fields[2].rpartition(":")[2], 16))
    return found


def main(arguments: list[str]) -> int:
    """Return 0 when there is a connection to one of the ports in the arguments, else 1."""
    if not arguments or not all(port.isdigit() for port in arguments):
        sys.stderr.write("usage: healthy_session.py PORT...\n")
        return 2
    tables = [Path(name) for name in _TABLES]
    there = {port for path in tables if path.exists() for port in connected_ports(path.read_text())}
    if there & {int(port) for port in arguments}:
        return 0
    sys.stderr.write(f"no connection to port {' or '.join(arguments)}; is the broker reachable?\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
