"""Errors of model bundles and keys; all permanent: the same bytes fail the same way.

BundleError
├── BundleBroken     not a bundle, truncated, longer than it says, or a part with another hash
├── BundleOversized  larger than is allowed here
├── BundleUntrusted  unsigned, signed by nobody who is trusted, or signed with a revoked key
├── BundleUnfit      sound, but not for this box: older, too new for the agent, of another layout
└── KeyFault         a key or a book of trusted keys that cannot be used
"""

from runtime.errors import Permanent, RuntimeFault

__all__ = [
    "BundleBroken",
    "BundleError",
    "BundleOversized",
    "BundleUnfit",
    "BundleUntrusted",
    "KeyFault",
]


class BundleError(RuntimeFault, Permanent):
    """Base of what is wrong with a bundle; the message names the file and what to do."""


class BundleBroken(BundleError):
    """The bytes are no bundle, or not all of one, or were changed."""


class BundleOversized(BundleError):
    """The bundle is larger than is allowed here."""


class BundleUntrusted(BundleError):
    """Nobody who is trusted here has signed the bundle."""


class BundleUnfit(BundleError):
    """The bundle is sound, but this box may not or cannot run it."""


class KeyFault(BundleError):
    """A signing key or a book of trusted keys cannot be used."""
