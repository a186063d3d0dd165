"""Evidence kept in memory: for runs in one process."""

import hashlib

from edge.evidence.ports import UploadRefused

__all__ = ["MemoryEvidenceStore"]


class MemoryEvidenceStore:
    """Keeps pictures by hash.

    Attributes:
        pictures: bytes by SHA-256.
    """

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}

    def put(self, sha256: str, data: bytes, media_type: str) -> None:
        """Keep the bytes.

        Raises:
            UploadRefused: the bytes are not what their name says.
        """
        if hashlib.sha256(data).hexdigest() != sha256:
            msg = f"evidence {sha256}: the {media_type} bytes have another SHA-256; take it again"
            raise UploadRefused(msg)
        self.pictures[sha256] = data

    def close(self) -> None:
        """Do nothing: there is no connection."""
