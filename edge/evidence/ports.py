"""Where evidence goes, and how that can fail.

EvidenceFault
├── UploadFailed   Transient  no connection, no answer, a key not accepted, the other side is busy
└── UploadRefused  Permanent  the other side will never take these bytes
"""

from typing import Protocol

from edge.errors import EdgeError
from runtime.errors import Permanent, Transient

__all__ = ["EvidenceFault", "EvidenceStore", "UploadFailed", "UploadRefused"]


class EvidenceFault(EdgeError):
    """An upload that did not happen."""


class UploadFailed(EvidenceFault, Transient):
    """The same upload may succeed later."""


class UploadRefused(EvidenceFault, Permanent):
    """The same upload will never succeed."""


class EvidenceStore(Protocol):
    """Takes pictures by content hash; putting the same one twice is harmless.

    Adapters: :class:`edge.evidence.http_store.HttpEvidenceStore` and
    :class:`edge.evidence.memory_store.MemoryEvidenceStore`.
    """

    def put(self, sha256: str, data: bytes, media_type: str) -> None:
        """Store bytes under their hash; when this returns, they are safe over there.

        Raises:
            UploadFailed: not now.
            UploadRefused: never.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
