"""Tracking codes 查询码: who has one may follow a report and say whether he is satisfied."""

import hashlib

__all__ = ["CODE_BYTES", "code_of", "hash_of", "normal_code"]

CODE_BYTES = 10
"""80 random bits: with limited guesses a second nobody finds one in a lifetime."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letters that are mistaken on the telephone."""

_MISREAD = str.maketrans({"O": "0", "I": "1", "L": "1"})


def code_of(random: bytes) -> str:
    """Return a code like ``7G3K-0M2P-9XQA-TT41`` of ten random bytes."""
    number = int.from_bytes(random, "big")
    letters = "".join(_ALPHABET[(number >> shift) & 31] for shift in range(75, -1, -5))
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def normal_code(text: str) -> str | None:
    """Return a code as it was given out, however it was typed; None where it is none."""
    letters = text.upper().replace("-", "").replace(" ", "").translate(_MISREAD)
    if len(letters) != 16 or set(letters) - set(_ALPHABET):
        return None
    return "-".join(letters[at : at + 4] for at in range(0, 16, 4))


def hash_of(code: str) -> str:
    """Return what is stored of a code; it is random, so a slow hash would add nothing."""
    return hashlib.sha256(code.encode()).hexdigest()
