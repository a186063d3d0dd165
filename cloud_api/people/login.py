"""Logging in with name and password."""

from typing import NamedTuple

from cloud_api.errors import Unauthenticated
from cloud_api.keys import Identity
from cloud_api.people.back_off import LoginBackOff
from cloud_api.people.passwords import Passwords
from cloud_api.people.register import User, UserRegister
from cloud_api.people.sessions import Sessions
from runtime.clock import Clock

__all__ = ["LoggedIn", "Login"]


class LoggedIn(NamedTuple):
    """A session that has begun."""

    token: str
    identity: Identity


class Login:
    """Checks passwords, with a pause after failures; unknown, locked and wrong look and take alike."""

    def __init__(
        self,
        register: UserRegister,
        passwords: Passwords,
        back_off: LoginBackOff,
        sessions: Sessions,
        clock: Clock,
    ) -> None:
        self._register = register
        self._passwords = passwords
        self._back_off = back_off
        self._sessions = sessions
        self._clock = clock

    def enter(self, name: str, password: str) -> LoggedIn:
        """Return a new session.

        Raises:
            Unauthenticated: name and password do not fit, or the user is locked.
            RateLimited: there were too many failures under this name.
        """
        return LoggedIn(*self._sessions.open(self.confirm(name, password)))

    def confirm(self, name: str, password: str) -> User:
        """Return the user whose name and password these are.

        Raises:
            Unauthenticated, RateLimited: as for :meth:`enter`.
        """
        now = self._clock.now()
        self._back_off.check(name, now)
        found = self._register.find(name)
        locked = found is None or found[0].locked_at_us is not None
        fits = self._passwords.fits(password, None if found is None else found[1])
        if found is None or locked or not fits:
            self._back_off.failed(name, now)
            raise Unauthenticated(
                "name and password do not fit; after five failures there is a pause",
                headers={"WWW-Authenticate": "Bearer"},
            )
        self._back_off.forgive(name)
        return found[0]
