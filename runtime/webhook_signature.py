"""Signatures of webhooks: made for those that leave, checked on those that come in.

Source: Standard Webhooks 1.0.0, "Webhook metadata" and "Signature scheme" (symmetric, ``v1``).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["TOLERANCE_S", "read_webhook_secrets", "sign_webhook", "webhook_keys", "webhook_refusal"]

_PREFIX = "whsec_"
_SHORTEST_SECRET = 24
"""Bytes. Source: Standard Webhooks, "Signature scheme": 24 to 64 bytes."""
_LONGEST_SECRET = 64
TOLERANCE_S = 300
"""How far a webhook's timestamp may be off. Source: the reference libraries of Standard Webhooks."""


def webhook_keys(text: str, where: str) -> tuple[bytes, ...]:
    """Return the signing keys in a text, one a line: the newest first, an old one during rotation.

    Raises:
        ValueError: a line is no ``whsec_`` secret of 24 to 64 bytes, or there is none.
    """
    keys: list[bytes] = []
    for number, line in enumerate(text.split(), start=1):
        try:
            key = base64.b64decode(line.removeprefix(_PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not line.startswith(_PREFIX) or not _SHORTEST_SECRET <= len(key) <= _LONGEST_SECRET:
            msg = (
                f"{where}: secret {number}: expected {_PREFIX} and {_SHORTEST_SECRET} to "
                f"{_LONGEST_SECRET} bytes in base64; make one with "
                "`echo whsec_$(openssl rand -base64 32)`"
            )
            raise ValueError(msg)
        keys.append(key)
    if not keys:
        msg = f"{where} is empty; expected a signing secret that begins with {_PREFIX}"
        raise ValueError(msg)
    return tuple(keys)


def read_webhook_secrets(path: Path) -> tuple[bytes, ...]:
    """Return the signing keys in a file, as :func:`webhook_keys`.

    Raises:
        ValueError: a line is no secret, or there is none.
        OSError: the file cannot be read.
    """
    return webhook_keys(path.read_text(encoding="utf-8"), str(path))


def sign_webhook(
    keys: Sequence[bytes], message_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Return the headers that sign a message: HMAC-SHA256 of ``id.timestamp.body``, per key."""
    content = f"{message_id}.{timestamp_s}.".encode() + body
    signatures = [
        base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode() for key in keys
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def webhook_refusal(
    keys: Sequence[bytes], headers: Mapping[str, str], body: bytes, now_s: float
) -> str | None:
    """Return why a webhook is not believed; None where one of its signatures is right.

    Args:
        keys: the secrets that are valid now.
        headers: the request's, by lower-case name.
        body: its bytes, as they came.
        now_s: seconds since 1970; a message from longer ago or further ahead than
            :data:`TOLERANCE_S` is not believed, so an old one cannot be replayed.
    """
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not message_id or not given or not timestamp.isdecimal() or len(timestamp) > 12:
        return "webhook-id, webhook-timestamp and webhook-signature are needed"
    if abs(now_s - int(timestamp)) > TOLERANCE_S:
        return f"webhook-timestamp {timestamp} is more than {TOLERANCE_S} s off; check the clock"
    right = sign_webhook(keys, message_id, int(timestamp), body)["webhook-signature"].split(" ")
    for one in given.split(" "):
        if any(hmac.compare_digest(one.encode(), each.encode()) for each in right):
            return None
    return "webhook-signature is wrong; sign `id.timestamp.body` with the shared secret"
