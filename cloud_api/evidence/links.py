"""Links to evidence that work without a key for a while: signed, bound to one item and to who got them."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from cloud_api.instants import to_us
from cloud_api.privacy.keybook import KeyBook

__all__ = ["EvidenceLinks"]


class EvidenceLinks:
    """Makes and checks links.

    Args:
        book: keys; a former master key's links hold until they expire.
        lifetime_s: seconds for which a link works.
    """

    def __init__(self, book: KeyBook, lifetime_s: float) -> None:
        self._book = book
        self._lifetime_s = lifetime_s

    def path(self, sha256: str, actor: str, now: datetime) -> str:
        """Return the path of a link for an actor, as the audit log calls him."""
        until = to_us(now + timedelta(seconds=self._lifetime_s)) // 1_000_000
        signature = self._sign(sha256, actor, until, self._book.current)
        return f"/v1/evidence/{sha256}?until={until}&by={actor}&signature={signature}"

    def valid(self, sha256: str, actor: str, until: int, signature: str, now: datetime) -> bool:
        """Return whether a link is ours and still works."""
        given = signature.encode()
        signed = [
            hmac.compare_digest(self._sign(sha256, actor, until, key_id).encode(), given)
            for key_id in self._book.ids
        ]
        return any(signed) and to_us(now) < until * 1_000_000

    def _sign(self, sha256: str, actor: str, until: int, key_id: str) -> str:
        key = self._book.derive("evidence-links", key_id)
        said = f"{sha256}\n{actor}\n{until}".encode()
        digest = hmac.new(key, said, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
