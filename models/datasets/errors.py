"""What goes wrong with data sets.

::

    DatasetError
    ├── DatasetUnknown    no data set of that name or version
    ├── DatasetDamaged    what lies in the store is not what its hash says
    ├── ImportRefused     files that cannot be read as the format that they were given as
    └── SplitImpossible   too few cameras or too little time for a split without leaks

All are permanent: a person has to act.
"""

__all__ = ["DatasetDamaged", "DatasetError", "DatasetUnknown", "ImportRefused", "SplitImpossible"]


class DatasetError(Exception):
    """Something is wrong with a data set."""


class DatasetUnknown(DatasetError):
    """There is no data set of that name or version."""


class DatasetDamaged(DatasetError):
    """What lies in the store is not what its hash says."""


class ImportRefused(DatasetError):
    """Files that cannot be read as the format that they were given as."""


class SplitImpossible(DatasetError):
    """Too few cameras or too little time for a split without leaks."""
