"""Errors about originals that stay on the box.

OriginalError
├── OriginalGone    Permanent  it was never kept, has run out, or gave way to newer ones
└── OriginalSealed  Permanent  the key is missing, malformed or another one; or the file was changed
"""

from edge.errors import EdgeError
from runtime.errors import Permanent

__all__ = ["OriginalError", "OriginalGone", "OriginalSealed"]


class OriginalError(EdgeError, Permanent):
    """An original that cannot be had."""


class OriginalGone(OriginalError):
    """There is no such original any more, or there never was."""


class OriginalSealed(OriginalError):
    """An original cannot be opened with this key."""
