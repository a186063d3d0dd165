"""Passwords: hashed with Argon2id, and checked in the same time whether there is a user or not."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from cloud_api.errors import InvalidInput, StoreUnavailable
from runtime.errors import SecretError
from runtime.secret import check_secret

__all__ = ["LEAST_CHARACTERS", "Passwords"]

LEAST_CHARACTERS = 12
"""Source: NIST SP 800-63B-4 asks for 15 where a password stands alone and 8 beside a second factor;
length counts, rules about kinds of characters do not."""

_MOST_CHARACTERS = 200
_AT_ONCE = 2
_WAIT_S = 10.0
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$BIeEkKbktimgVJmOh07YBQ"
    "$cN0vKWKEUcnwzwouwQ+s82IOo6iAmiVA1smK8BP2ZQA"
)
"""A hash that no password has, with the cost of the others."""


class Passwords:
    """Hashes and checks passwords: 64 MiB and three passes each, two at a time.

    Source: RFC 9106 §4, second recommended option.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
        self._room = threading.BoundedSemaphore(_AT_ONCE)

    def hash(self, password: str) -> str:
        """Return the hash of a new password, with a salt of its own.

        Raises:
            InvalidInput: it is too short, too long, or one that everybody tries first.
        """
        if not LEAST_CHARACTERS <= len(password) <= _MOST_CHARACTERS:
            raise InvalidInput(
                f"the password has {len(password)} characters; expected {LEAST_CHARACTERS} to "
                f"{_MOST_CHARACTERS}; a sentence is easy to keep in mind"
            )
        try:
            check_secret(password, "the password")
        except SecretError as error:
            raise InvalidInput(str(error)) from error
        if len(set(password)) < LEAST_CHARACTERS // 3:
            raise InvalidInput("the password repeats a few characters; choose another one")
        return self._hasher.hash(password)

    def fits(self, password: str, stored: str | None) -> bool:
        """Return whether a password has this hash; takes as long where there is none (None).

        Raises:
            StoreUnavailable: too many are being checked.
        """
        if not self._room.acquire(timeout=_WAIT_S):
            raise StoreUnavailable(
                "too many people are logging in; try again in a moment",
                headers={"Retry-After": "5"},
            )
        try:
            self._hasher.verify(_NOBODY if stored is None else stored, password[:_MOST_CHARACTERS])
        except (VerificationError, InvalidHashError):
            return False
        finally:
            self._room.release()
        return stored is not None
