"""Errors of packing and publishing.

RegistryRefused  Permanent  the API did not take what was asked, or did not answer
"""

from runtime.errors import Permanent

__all__ = ["RegistryRefused"]


class RegistryRefused(Permanent):
    """The API did not take what was asked, or did not answer; a person has to look."""
