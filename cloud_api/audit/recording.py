"""Every request leaves a line in the audit log before its answer leaves."""

from collections.abc import Callable

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud_api.audit.entry import Draft
from cloud_api.audit.trail import AuditTrail, Counted
from cloud_api.errors import StoreUnavailable
from cloud_api.instants import to_us
from cloud_api.keys import Identity
from cloud_api.privacy.masking import mask
from cloud_api.privacy.viewing import PURPOSE_HEADER
from cloud_api.problems import problem_response
from runtime.clock import Clock

__all__ = ["Recording", "actor_of"]

_SECRET = frozenset({"token"})
_MOST_CHARACTERS = 500


def actor_of(identity: Identity | None) -> str:
    """Return what the audit log calls a caller: an id that says nothing about a person."""
    return "" if identity is None or not identity.key_id else f"{identity.kind}:{identity.key_id}"


class Recording:
    """Holds an answer back until its line is stored; of machines and refusals it only keeps count."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        trail: AuditTrail,
        clock: Clock,
        open_paths: frozenset[str],
        open_below: str,
        address: Callable[[Scope], str],
    ) -> None:
        self._app = app
        self._trail = trail
        self._clock = clock
        self._open_paths = open_paths
        self._open_below = open_below
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer after its line."""
        if scope["type"] != "http" or self._is_open(scope["path"]):
            await self._app(scope, receive, send)
            return
        refused = False

        async def recorded(message: Message) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                try:
                    await self._record(scope, message["status"])
                except StoreUnavailable as problem:
                    if scope["method"] in {"GET", "HEAD"}:
                        # Nothing is shown of which no line tells. What was changed, was changed.
                        refused = True
                        await problem_response(problem, scope["path"])(scope, receive, send)
            if not refused:
                await send(message)

        await self._app(scope, receive, recorded)

    def _is_open(self, path: str) -> bool:
        return path in self._open_paths or path.startswith(self._open_below)

    async def _record(self, scope: Scope, status: int) -> None:
        identity: Identity | None = scope.get("state", {}).get("identity")
        route = getattr(scope.get("route"), "path", "unmatched")
        action = f"{scope['method']} {route}"[:_MOST_CHARACTERS]
        address = self._address(scope)
        if identity is None or identity.role.is_machine or status in {401, 403, 429}:
            self._trail.count(Counted(actor_of(identity), action, status, address))
            return
        said = {"address": address, "name": identity.name}
        query = scope.get("query_string", b"").decode("latin-1")[:_MOST_CHARACTERS]
        if query:
            said["query"] = query
        purpose = dict(scope["headers"]).get(PURPOSE_HEADER, b"").decode("utf-8", "replace")
        await self._trail.write(
            Draft(
                at_us=to_us(self._clock.now()),
                actor=actor_of(identity),
                action=action,
                target=_target(scope),
                status=status,
                purpose=mask(purpose)[:_MOST_CHARACTERS],
                personal=msgspec.json.encode(said).decode(),
            )
        )


def _target(scope: Scope) -> str:
    """Return the parameters in the path, those that are secrets left out."""
    found = scope.get("path_params", {})
    parts = [
        f"{name}={'***' if name in _SECRET else str(value)[:200]}" for name, value in found.items()
    ]
    return " ".join(parts)[:_MOST_CHARACTERS]
