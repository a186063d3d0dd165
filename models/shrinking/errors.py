"""Errors of shrinking a detector.

ShrinkingError
├── ToolMissing        (permanent)  a library that a variant needs is not installed
├── GraphUnsuited      (permanent)  the network cannot be changed in this way
└── PicturesMissing    (permanent)  nothing to calibrate with, or to compare on
"""

from runtime.errors import Permanent

__all__ = ["GraphUnsuited", "PicturesMissing", "ShrinkingError", "ToolMissing"]


class ShrinkingError(Exception):
    """Base of every error of shrinking."""


class ToolMissing(ShrinkingError, Permanent):
    """A library that a variant needs is not installed."""


class GraphUnsuited(ShrinkingError, Permanent):
    """The network cannot be changed in this way; it has to be exported anew."""


class PicturesMissing(ShrinkingError, Permanent):
    """There are no pictures to calibrate with, or to compare on."""
