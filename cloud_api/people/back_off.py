"""Back-off after failed logins, for any name alike, whether somebody has it or not."""

import hashlib
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from cloud_api.database import Lane, Store
from cloud_api.errors import RateLimited
from cloud_api.instants import to_us
from cloud_api.people.tables import login_failures

__all__ = ["FREE_FAILURES", "LONGEST_S", "LoginBackOff", "pause_s"]

FREE_FAILURES = 5
"""Failures in a row after which a pause begins."""

LONGEST_S = 900.0
"""Longest pause, in seconds: then somebody who guesses gets four tries an hour."""

_FORGET_US = 86_400_000_000


def pause_s(failures: int) -> float:
    """Return how long nobody may log in under a name after so many failures in a row, in seconds."""
    over = failures - FREE_FAILURES
    return 0.0 if over < 0 else min(LONGEST_S, 2.0 ** min(over, 20))


class LoginBackOff:
    """Counts failures by name in the database, for all processes; a success or a day forgets them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, name: str, now: datetime) -> None:
        """Refuse a login during a pause, before its password is looked at.

        Raises:
            RateLimited: it is too early.
        """
        query = select(login_failures.c.next_at_us).where(
            login_failures.c.name_sha256 == _digest(name)
        )
        with self._store.read() as connection:
            next_at_us = connection.scalar(query)
        wait_us = 0 if next_at_us is None else next_at_us - to_us(now)
        if wait_us > 0:
            raise RateLimited(
                "too many failed logins under this name; wait, or ask an administrator (users unlock)",
                headers={"Retry-After": str(-(-wait_us // 1_000_000))},
            )

    def failed(self, name: str, now: datetime) -> None:
        """Count a failure."""
        now_us = to_us(now)
        digest = _digest(name)
        with self._store.write(Lane.KEYS) as connection:
            connection.execute(
                delete(login_failures).where(login_failures.c.last_at_us < now_us - _FORGET_US)
            )
            known = connection.scalar(
                select(login_failures.c.failures).where(login_failures.c.name_sha256 == digest)
            )
            failures = (known or 0) + 1
            values = {
                "failures": failures,
                "last_at_us": now_us,
                "next_at_us": now_us + round(pause_s(failures) * 1e6),
            }
            if known is None:
                connection.execute(insert(login_failures).values(name_sha256=digest, **values))
            else:
                connection.execute(
                    update(login_failures)
                    .where(login_failures.c.name_sha256 == digest)
                    .values(**values)
                )

    def forgive(self, name: str) -> None:
        """Forget the failures of a name."""
        with self._store.write(Lane.KEYS) as connection:
            connection.execute(
                delete(login_failures).where(login_failures.c.name_sha256 == _digest(name))
            )


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
