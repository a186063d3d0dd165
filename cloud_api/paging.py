"""Cursors: where a list goes on, as a text that callers hand back unread."""

import base64
import binascii

from cloud_api.errors import InvalidInput

__all__ = ["cursor_of", "position_of"]


def cursor_of(seq: int) -> str:
    """Return the cursor that goes on after log entry ``seq``."""
    return base64.urlsafe_b64encode(f"s{seq}".encode()).decode().rstrip("=")


def position_of(cursor: str) -> int:
    """Return the log entry after which a list goes on.

    Raises:
        InvalidInput: the text is no cursor of ours.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    if not text.startswith("s") or not text[1:].isdecimal() or len(text) > 19:
        raise InvalidInput(
            f"cursor {cursor[:40]!r} is not one of ours; use next_cursor of the answer before"
        )
    return int(text[1:])
