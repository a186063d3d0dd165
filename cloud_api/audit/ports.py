"""Where signed heads are kept outside the database."""

from typing import Protocol

from cloud_api.audit.heads import Head

__all__ = ["Anchor"]


class Anchor(Protocol):
    """Keeps heads where who owns the database cannot change them; two: a file, and a witness."""

    @property
    def name(self) -> str:
        """What it is called in logs and reports."""
        ...

    def keep(self, head: Head) -> None:
        """Keep a head for good.

        Raises:
            AnchorUnavailable: it could not be kept; a later head stands for this one too.
        """
        ...

    def heads(self) -> list[Head]:
        """Return every head that was kept, in the order in which they came.

        Raises:
            AnchorUnavailable: they cannot be read.
            AuditBroken: what is kept there is no list of heads.
        """
        ...
