"""Exit 0 when a service answers its health address with 200; needs only the standard library."""

# ruff: noqa: INP001 - copied into an image as a single file, never imported

import sys
import urllib.error
import urllib.request

__all__ = ["main"]

_TIMEOUT_S = 3.0


def main(arguments: list[str]) -> int:
    """Return 0 when the address in the first argument answers 200, else 1."""
    if len(arguments) != 1 or not arguments[0].startswith("http://"):
        sys.stderr.write("usage: healthy_http.py http://host:port/path\n")
        return 2
    try:
        with urllib.request.urlopen(arguments[0], timeout=_TIMEOUT_S) as answer:  # noqa: S310 - checked above
            return 0 if answer.status == 200 else 1
    except (urllib.error.URLError, OSError) as error:
        sys.stderr.write(f"{arguments[0]}: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
