"""Errors of learning from reviews.

LearningError          Permanent  base
├── ExchangeRefused               a file of another tool that cannot be read as labels
└── RetrainingFailed              a step of the whole turn went wrong; its words are in the message
"""

from runtime.errors import Permanent

__all__ = ["ExchangeRefused", "LearningError", "RetrainingFailed"]


class LearningError(Permanent):
    """Base of every error of this package."""


class ExchangeRefused(LearningError):
    """A file of another tool cannot be read as labels."""


class RetrainingFailed(LearningError):
    """A step of a retraining went wrong."""
