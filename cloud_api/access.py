"""Who may do what, in one place: caller, role, scope, and the marks of a request from elsewhere.

Every route has one dependency of this module. It finds out who asks (API key, session token, session
cookie), whether his role may, and whether what the path names lies in his scope: somebody who may see a
part of the city gets 404 for the rest, as if it did not exist. A route that names no case, and neither
narrows what it shows nor is the same for everybody, refuses him.
"""

from collections.abc import Awaitable, Callable
from enum import Enum

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from cloud_api.errors import Forbidden, NotFound, Unauthenticated
from cloud_api.keys import Identity, Role
from cloud_api.limits.limiter import Limiter
from cloud_api.people.callers import Callers

__all__ = [
    "ACT",
    "AUDIT",
    "COOKIE",
    "PERSON",
    "POST_EVENTS",
    "PUT_EVIDENCE",
    "READ",
    "Gate",
    "Require",
    "Sees",
    "Stranger",
    "check_person",
    "token_of",
]

POST_EVENTS = frozenset({Role.GATEWAY, Role.ADMIN})
PUT_EVIDENCE = frozenset({Role.BOX, Role.OPERATOR, Role.ADMIN})
READ = frozenset({Role.READER, Role.OPERATOR, Role.ADMIN})
ACT = frozenset({Role.OPERATOR, Role.ADMIN})
AUDIT = frozenset({Role.AUDITOR, Role.ADMIN})
PERSON = frozenset(role for role in Role if not role.is_machine)

COOKIE = "cityloop_session"
"""Name of the cookie that holds a session's token for the console."""

_STRANGER_COST = 10.0
"""A login or enrolment counts as so many requests: it costs as much, and guessing should be slow."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


class Sees(Enum):
    """What a route shows to somebody who may see a part of the city."""

    NAMED = "named"
    """The case or event in its path, if that is his; a route without one refuses him."""
    FILTERED = "filtered"
    """What is his: the route narrows what it shows by the caller's scope."""
    COMMON = "common"
    """The same as to everybody: nothing in it belongs to a case."""


def token_of(request: Request) -> str | None:
    """Return the token of a request: ``Authorization: Bearer``, ``X-API-Key``, or the session's cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.headers.get("x-api-key") or request.cookies.get(COOKIE)


def check_person(identity: Identity, person: str | None) -> None:
    """Refuse to look for the work of one of the staff to who is not told whose it is.

    Raises:
        Forbidden: a reader asks for somebody else's.
    """
    if person is None or identity.role in ACT or person == identity.name:
        return
    raise Forbidden(
        f"{identity.kind} {identity.name!r} has role {identity.role}, which is not told who has a case; "
        "leave the parameter person away, or ask for your own name"
    )


class Require:
    """A dependency that lets only some roles through and returns who is asking."""

    def __init__(
        self,
        callers: Callers,
        roles: frozenset[Role],
        *,
        loopback: bool = False,
        sees: Sees = Sees.NAMED,
    ) -> None:
        self._callers = callers
        self._loopback = loopback
        self.roles = roles
        self.sees = sees

    async def __call__(self, request: Request) -> Identity:
        """Return the caller.

        Raises:
            Unauthenticated: there is no token, or it is not valid.
            RateLimited: the caller, or his address, asks too often.
            Forbidden: the caller's role is not among ``roles``, the route is not for who sees a part
                only, or a page of another site may have made a browser send this.
            NotFound: what the path names is not in the caller's scope.
        """
        return await self.admit(request, token_of(request))

    async def admit(self, request: Request, token: str | None) -> Identity:
        """Return the caller whose token came in another way, as in a form's ``api_key``.

        Raises:
            Unauthenticated, RateLimited, Forbidden, NotFound: as for a token in a header.
        """
        limiter = self._callers.limiter
        if token is None:
            if self._loopback and _from_this_machine(request):
                return _known(request, Identity("", "loopback", Role.READER))
            limiter.check_address(request.scope)
            raise Unauthenticated(
                "the request has no API key; send it as Authorization: Bearer KEY",
                headers={"WWW-Authenticate": "Bearer"},
            )
        identity = self._callers.cached(token)
        if identity is None:
            limiter.check_address(request.scope)
            identity = await run_in_threadpool(self._callers.identify, token)
        _known(request, identity)
        limiter.check_identity(identity)
        _check_origin(request)
        if identity.role not in self.roles:
            raise Forbidden(
                f"{identity.kind} {identity.name!r} has role {identity.role}; {request.method} "
                f"{request.url.path} needs one of {', '.join(sorted(self.roles))}"
            )
        if self.sees is Sees.NAMED and not identity.scope.unbounded:
            await self._check_scope(request, identity)
        return identity

    async def _check_scope(self, request: Request, identity: Identity) -> None:
        case_ref = request.path_params.get("case_ref")
        event_id = request.path_params.get("event_id")
        if case_ref is None and event_id is None:
            raise Forbidden(
                f"{identity.kind} {identity.name!r} may see a part of the city; {request.method} "
                f"{request.url.path} is about all of it"
            )
        visible = await run_in_threadpool(
            self._callers.visible, identity.scope, case_ref=case_ref, event_id=event_id
        )
        if not visible:
            # As if it did not exist: who guesses numbers learns nothing.
            what = f"case {case_ref[:80]!r}" if case_ref else f"event {str(event_id)[:80]!r}"
            raise NotFound(f"{what} does not exist; see GET /v1/cases")


def _known(request: Request, identity: Identity) -> Identity:
    """Note who asks where the audit log looks; return him."""
    request.state.identity = identity
    return identity


def _check_origin(request: Request) -> None:
    """Refuse a change that a cookie alone vouches for, unless our own page says that it asks.

    A page of another site can make a browser send the cookie, but not this header: CORS forbids it.
    """
    in_header = "authorization" in request.headers or "x-api-key" in request.headers
    by_cookie = COOKIE in request.cookies and not in_header
    if by_cookie and request.method not in _SAFE and "x-requested-with" not in request.headers:
        raise Forbidden(
            "a change that comes with a cookie needs the header X-Requested-With, which a page of "
            "another site cannot send"
        )


def _from_this_machine(request: Request) -> bool:
    """Return whether nobody stands between; a proxy on this machine says for whom it asks."""
    client = request.client
    forwarded = any(name in request.headers for name in _FORWARDED)
    return client is not None and client.host in _LOOPBACK and not forwarded


_Dependency = Callable[[Request], Awaitable[Identity]]


class Stranger:
    """A dependency of routes that are open to all: it only counts by address.

    Args:
        limiter: what counts.
        cost: how many ordinary requests it counts as.
    """

    def __init__(self, limiter: Limiter, cost: float) -> None:
        self._limiter = limiter
        self._cost = cost

    async def __call__(self, request: Request) -> None:
        """Count the request.

        Raises:
            RateLimited: too many come from this address.
        """
        self._limiter.check_address(request.scope, self._cost)


class Gate:
    """The dependencies of one API, one for each set of roles and kind of route."""

    def __init__(self, callers: Callers, *, loopback_metrics: bool) -> None:
        self.post_events: _Dependency = Require(callers, POST_EVENTS)
        self.put_evidence: _Dependency = Require(callers, PUT_EVIDENCE, sees=Sees.COMMON)
        self.read: _Dependency = Require(callers, READ)
        self.read_filtered: _Dependency = Require(callers, READ, sees=Sees.FILTERED)
        self.read_common: _Dependency = Require(callers, READ, sees=Sees.COMMON)
        self.act: _Dependency = Require(callers, ACT)
        self.act_filtered: _Dependency = Require(callers, ACT, sees=Sees.FILTERED)
        self.audit: _Dependency = Require(callers, AUDIT)
        self.person: _Dependency = Require(callers, PERSON, sees=Sees.COMMON)
        self.stranger = Stranger(callers.limiter, _STRANGER_COST)
        self.visitor = Stranger(callers.limiter, 1.0)
        self.manage: _Dependency = Require(callers, frozenset({Role.ADMIN}))
        self.metrics: _Dependency = Require(
            callers, READ, loopback=loopback_metrics, sees=Sees.COMMON
        )
