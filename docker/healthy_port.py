"""Exit 0 when something on this machine accepts TCP connections on a port."""

# ruff: noqa: INP001 - copied into an image as a single file, never imported

import socket
import sys

__all__ = ["main"]

_TIMEOUT_S = 3.0


def main(arguments: list[str]) -> int:
    """Return 0 when the port in the first argument accepts a connection, else 1."""
    if len(arguments) != 1 or not arguments[0].isdigit():
        sys.stderr.write("usage: healthy_port.py PORT\n")
        return 2
    try:
        with socket.create_connection(("127.0.0.1", int(arguments[0])), timeout=_TIMEOUT_S):
            return 0
    except OSError as error:
        sys.stderr.write(f"port {arguments[0]}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
