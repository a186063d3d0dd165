"""Who may do what: every route names its roles through one dependency."""

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from cloud_api.errors import Forbidden, Unauthenticated
from cloud_api.keys import Identity, KeyRing, Role

__all__ = ["ACT", "AUDIT", "POST_EVENTS", "PUT_EVIDENCE", "READ", "Gate", "Require", "token_of"]

POST_EVENTS = frozenset({Role.GATEWAY, Role.ADMIN})
PUT_EVIDENCE = frozenset({Role.BOX, Role.OPERATOR, Role.ADMIN})
READ = frozenset({Role.READER, Role.OPERATOR, Role.ADMIN})
ACT = frozenset({Role.OPERATOR, Role.ADMIN})
AUDIT = frozenset({Role.AUDITOR, Role.ADMIN})

_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


def token_of(request: Request) -> str | None:
    """Return the API key of a request: ``Authorization: Bearer`` or ``X-API-Key``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.headers.get("x-api-key")


class Require:
    """A dependency that lets only some roles through and returns who is asking."""

    def __init__(self, keys: KeyRing, roles: frozenset[Role], *, loopback: bool = False) -> None:
        self._keys = keys
        self._loopback = loopback
        self.roles = roles

    async def __call__(self, request: Request) -> Identity:
        """Return the caller.

        Raises:
            Unauthenticated: there is no key, or it is not valid.
            Forbidden: the key's role is not among ``roles``.
        """
        token = token_of(request)
        if token is None:
            if self._loopback and _from_this_machine(request):
                return _known(request, Identity("", "loopback", Role.READER))
            raise Unauthenticated(
                "the request has no API key; send it as Authorization: Bearer KEY",
                headers={"WWW-Authenticate": "Bearer"},
            )
        identity = self._keys.cached(token)
        if identity is None:
            identity = await run_in_threadpool(self._keys.identify, token)
        _known(request, identity)
        if identity.role not in self.roles:
            raise Forbidden(
                f"key {identity.name!r} has role {identity.role}; {request.method} "
                f"{request.url.path} needs one of {', '.join(sorted(self.roles))}"
            )
        return identity


def _known(request: Request, identity: Identity) -> Identity:
    """Note who asks where the audit log looks; return him."""
    request.state.identity = identity
    return identity


def _from_this_machine(request: Request) -> bool:
    """Return whether nobody stands between; a proxy on this machine says for whom it asks."""
    client = request.client
    forwarded = any(name in request.headers for name in _FORWARDED)
    return client is not None and client.host in _LOOPBACK and not forwarded


class Gate:
    """The dependencies of one API, one for each set of roles."""

    def __init__(self, keys: KeyRing, *, loopback_metrics: bool) -> None:
        self.post_events: Callable[[Request], Awaitable[Identity]] = Require(keys, POST_EVENTS)
        self.put_evidence: Callable[[Request], Awaitable[Identity]] = Require(keys, PUT_EVIDENCE)
        self.read: Callable[[Request], Awaitable[Identity]] = Require(keys, READ)
        self.act: Callable[[Request], Awaitable[Identity]] = Require(keys, ACT)
        self.audit: Callable[[Request], Awaitable[Identity]] = Require(keys, AUDIT)
        self.metrics: Callable[[Request], Awaitable[Identity]] = Require(
            keys, READ, loopback=loopback_metrics
        )
