"""People: logging in and out, who one is, and the list of users."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from cloud_api.access import COOKIE, Gate, token_of
from cloud_api.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidInput,
    MalformedJson,
    RateLimited,
    StoreUnavailable,
    Unauthenticated,
)
from cloud_api.keys import Identity
from cloud_api.people.sessions import PREFIX
from cloud_api.routes.answers import documented
from cloud_api.routes.people_views import ScopeView, UserView, scope_view, user_view
from cloud_api.services import Services

__all__ = ["people_router", "set_session_cookie"]


class LoginBody(BaseModel):
    """Name and password."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    password: Annotated[str, Field(min_length=1, max_length=200)]


class PasswordBody(BaseModel):
    """The present password and the one that comes after it."""

    model_config = ConfigDict(extra="forbid")
    present: Annotated[str, Field(min_length=1, max_length=200)]
    new: Annotated[str, Field(min_length=1, max_length=200)]


class MeView(BaseModel):
    """Who asks."""

    id: str
    kind: str = Field(description="key or user")
    name: str
    role: str
    scope: ScopeView


class SessionView(BaseModel):
    """A session that has begun; the token comes as a cookie too."""

    token: str = Field(description="To be sent as Authorization: Bearer; shown once.")
    me: MeView


def set_session_cookie(response: Response, token: str, *, secure: bool, longest_s: float) -> None:
    """Give a browser the session's token: no script reads it, no other site's page sends it."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=round(longest_s),
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"


def _me(identity: Identity) -> MeView:
    return MeView(
        id=identity.key_id,
        kind=identity.kind,
        name=identity.name,
        role=identity.role.value,
        scope=scope_view(identity.scope),
    )


def people_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes about people."""
    router = APIRouter(tags=["people"])
    person = Annotated[Identity, Depends(gate.person)]
    manager = Annotated[Identity, Depends(gate.manage)]
    config = services.config

    @router.post(
        "/v1/login",
        summary="Log in with name and password",
        dependencies=[Depends(gate.stranger)],
        responses=documented(
            MalformedJson,
            Unauthenticated,
            BodyTooLarge,
            InvalidInput,
            RateLimited,
            StoreUnavailable,
        ),
    )
    async def log_in(body: LoginBody, request: Request, response: Response) -> SessionView:
        """Begin a session; unknown, locked and wrong look alike and take as long."""
        entered = await run_in_threadpool(services.login.enter, body.name, body.password)
        request.state.identity = entered.identity
        set_session_cookie(
            response, entered.token, secure=config.cookie_secure, longest_s=config.session_s
        )
        return SessionView(token=entered.token, me=_me(entered.identity))

    @router.post(
        "/v1/logout",
        summary="End the session",
        status_code=204,
        responses=documented(Unauthenticated, Forbidden, StoreUnavailable),
    )
    async def log_out(request: Request, _caller: person) -> Response:
        """End the session whose token came; an API key stays as it is."""
        token = token_of(request) or ""
        if token.startswith(PREFIX):
            await run_in_threadpool(services.sessions.end, token)
        gone = Response(status_code=204)
        gone.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return gone

    @router.get(
        "/v1/me",
        summary="Read who one is, and what one may see",
        responses=documented(Unauthenticated, Forbidden, StoreUnavailable),
    )
    def me(caller: person) -> MeView:
        """Return the caller's name, role and scope."""
        return _me(caller)

    @router.post(
        "/v1/me/password",
        summary="Change one's password; every session ends",
        status_code=204,
        responses=documented(
            MalformedJson,
            Unauthenticated,
            Forbidden,
            BodyTooLarge,
            InvalidInput,
            RateLimited,
            StoreUnavailable,
        ),
    )
    def change_password(body: PasswordBody, caller: person) -> Response:
        """Take the new password if the present one fits."""
        if caller.kind != "user":
            raise Forbidden(f"key {caller.name!r} has no password; users have")
        services.login.confirm(caller.name, body.present)
        now = services.clock.now()
        hashed = services.passwords.hash(body.new)
        services.users.change(caller.name, now, password_hash=hashed)
        services.sessions.forget()
        return Response(status_code=204)

    @router.get(
        "/v1/users",
        summary="List users",
        responses=documented(Unauthenticated, Forbidden, StoreUnavailable),
    )
    def list_users(_caller: manager) -> list[UserView]:
        """Return every user by name."""
        return [user_view(user) for user in services.users.list()]

    return router
