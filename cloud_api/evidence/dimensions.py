"""How large a picture is, read from its first bytes."""

import struct

__all__ = ["HEAD_ENOUGH_BYTES", "picture_size"]

HEAD_ENOUGH_BYTES = 262_144
"""Where a JPEG's size stands: behind tables and a colour profile, which are seldom longer."""

_PNG_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""Markers of frames. Source: ITU-T T.81, table B.1: what is left out are tables and a reserved one."""
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})


def picture_size(head: bytes) -> tuple[int, int] | None:
    """Return columns and rows of a JPEG or PNG; None where the bytes do not say.

    Source: ITU-T T.81, B.2.2 (frame header); ISO/IEC 15948, 11.2.2 (IHDR).

    Args:
        head: how it begins.
    """
    try:
        size = _png(head) if head.startswith(_PNG_HEAD) else _jpeg(head)
    except (struct.error, IndexError):
        return None
    return size if size is not None and min(size) > 0 else None


def _png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", head, len(_PNG_HEAD))
    return width, height


def _jpeg(head: bytes) -> tuple[int, int] | None:
    at = 2
    while head[at] == 0xFF:
        marker = head[at + 1]
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", head, at + 5)
            return width, height
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _ALONE:
            at += 2
        else:
            at += 2 + int(struct.unpack_from(">H", head, at + 2)[0])
    return None
