"""What goes wrong in training.

::

    TrainingError
    ├── ArchitectureUnknown   no network of that name
    ├── TrainerMissing        torch or ultralytics is not installed
    ├── LicenceNotAccepted    AGPL-3.0 code was asked for without saying yes to it
    ├── RecipeRefused         sizes, epochs or classes that cannot be
    ├── CheckpointRefused     a file that is no checkpoint, or one of another network
    └── TrainingDiverged      the loss is no number any more

All are permanent: a person has to act.
"""

__all__ = [
    "ArchitectureUnknown",
    "CheckpointRefused",
    "LicenceNotAccepted",
    "RecipeRefused",
    "TrainerMissing",
    "TrainingDiverged",
    "TrainingError",
]


class TrainingError(Exception):
    """Something is wrong with a training."""


class ArchitectureUnknown(TrainingError):
    """There is no network of that name."""


class TrainerMissing(TrainingError):
    """A library that training needs is not installed."""


class LicenceNotAccepted(TrainingError):
    """AGPL-3.0 code was asked for without saying yes to it."""


class RecipeRefused(TrainingError):
    """Sizes, epochs or classes that cannot be."""


class CheckpointRefused(TrainingError):
    """A file is no checkpoint, or one of another network."""


class TrainingDiverged(TrainingError):
    """The loss is no number any more."""
