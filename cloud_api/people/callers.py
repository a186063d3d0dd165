"""Who is behind a token, be it an API key's or a session's, and whether something is his to see."""

from cloud_api.database import Store
from cloud_api.keys import Identity, KeyRing
from cloud_api.limits.limiter import Limiter
from cloud_api.people.scope import Scope, case_in_scope, event_in_scope
from cloud_api.people.sessions import PREFIX, Sessions

__all__ = ["Callers"]


class Callers:
    """Asks the one who knows: keys or sessions."""

    def __init__(self, store: Store, keys: KeyRing, sessions: Sessions, limiter: Limiter) -> None:
        self._store = store
        self._keys = keys
        self._sessions = sessions
        self.limiter = limiter
        """Counts what they ask."""

    def cached(self, token: str) -> Identity | None:
        """Return who holds a token if that was asked a moment ago."""
        if token.startswith(PREFIX):
            return self._sessions.cached(token)
        return self._keys.cached(token)

    def identify(self, token: str) -> Identity:
        """Return who holds a token.

        Raises:
            Unauthenticated: it is malformed, unknown, revoked or ended.
            StoreUnavailable: the database does not answer.
        """
        if token.startswith(PREFIX):
            return self._sessions.identify(token)
        return self._keys.identify(token)

    def visible(
        self, scope: Scope, *, case_ref: str | None = None, event_id: str | None = None
    ) -> bool:
        """Return whether a scope holds what is named; a missing case or event is in none."""
        if "\x00" in f"{case_ref}{event_id}":  # no database compares it
            return False
        with self._store.read() as connection:
            if case_ref is not None and not case_in_scope(connection, scope, case_ref):
                return False
            return event_id is None or event_in_scope(connection, scope, event_id)
