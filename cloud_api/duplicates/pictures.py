"""Whether two reports brought the same picture: hashes read from the store of evidence, and compared."""

from collections.abc import Iterable

from sqlalchemy import Connection, select

from cloud_api.evidence.picture_hash import NO_HASH
from cloud_api.schema import evidence

__all__ = ["look_alike", "read_picture_hashes"]

_PARAMETERS = 500
"""Values of one IN list; SQLite allowed 999 before 3.32."""

_LIKE = 0.4
"""Share of the bits set in either that may differ. Source: :mod:`cloud_api.evidence.picture_hash`: of 3,200 pictures
that were passed on one in a hundred differed in more than 0.22, none in more than 0.39; of 79,800 pairs of different ones
none in less than 0.55."""


def look_alike(one: int, other: int) -> bool:
    """Return whether two perceptual hashes are of one picture."""
    return (one ^ other).bit_count() <= _LIKE * (one | other).bit_count()


def read_picture_hashes(connection: Connection, hashes: Iterable[str]) -> dict[str, int]:
    """Return the perceptual hashes of stored pictures by SHA-256; those that have none are left out."""
    wanted = sorted(hashes)
    found: dict[str, int] = {}
    for start in range(0, len(wanted), _PARAMETERS):
        query = select(evidence.c.sha256, evidence.c.picture_hash).where(
            evidence.c.sha256.in_(wanted[start : start + _PARAMETERS]),
            evidence.c.picture_hash > NO_HASH,
        )
        found |= {sha256: int.from_bytes(bits) for sha256, bits in connection.execute(query)}
    return found
