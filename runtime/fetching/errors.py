"""Errors of the catalogues and of fetching.

CatalogueError
├── UnknownEntry       (permanent)  no entry of that name
├── TermsNotAccepted   (permanent)  the licence asks the user to agree first
├── FetchRefused       (permanent)  the server says no, or sends something else
├── WrongContent       (permanent)  the whole file came, and it is not the right one
├── DiskFault          (permanent)  the file cannot be written here
└── FetchFailed        (transient)  the network failed more often than we try
"""

from runtime.errors import Permanent, Transient

__all__ = [
    "CatalogueError",
    "DiskFault",
    "FetchFailed",
    "FetchRefused",
    "TermsNotAccepted",
    "UnknownEntry",
    "WrongContent",
]


class CatalogueError(Exception):
    """Base of every error of the catalogues."""


class UnknownEntry(CatalogueError, Permanent):
    """The catalogue has no entry of that name."""


class TermsNotAccepted(CatalogueError, Permanent):
    """The entry may be used under conditions that the user has not agreed to."""


class FetchRefused(CatalogueError, Permanent):
    """The server answered, and the answer is no."""


class WrongContent(CatalogueError, Permanent):
    """The content has another SHA-256 than the catalogue says."""


class DiskFault(CatalogueError, Permanent):
    """The file cannot be written where it should go."""


class FetchFailed(CatalogueError, Transient):
    """The connection broke, timed out or was refused, and so did every new try."""
