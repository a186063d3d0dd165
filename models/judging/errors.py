"""Errors of judging a detector.

JudgingError
├── DataRefused    (permanent)  labelled pictures that cannot be read
├── NothingToJudge (permanent)  detector and labels have no class in common, or there are no labels
└── PlottingMissing (permanent) matplotlib is not installed
"""

from runtime.errors import Permanent

__all__ = ["DataRefused", "JudgingError", "NothingToJudge", "PlottingMissing"]


class JudgingError(Exception):
    """Base of every error of judging."""


class DataRefused(JudgingError, Permanent):
    """The labelled pictures cannot be read."""


class NothingToJudge(JudgingError, Permanent):
    """There is nothing that detector and labels have in common."""


class PlottingMissing(JudgingError, Permanent):
    """Plots were asked for where matplotlib is not installed."""
