"""Managing people and keys: adding users, changing role, scope and password, locking; making and revoking keys."""

import secrets
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Path, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from cloud_api.access import Gate
from cloud_api.audit.ledger import draft
from cloud_api.audit.recording import actor_of
from cloud_api.errors import (
    BodyTooLarge,
    Forbidden,
    InvalidInput,
    MalformedJson,
    NotFound,
    StoreUnavailable,
    Unauthenticated,
)
from cloud_api.instants import from_us
from cloud_api.keys import Identity, KeyInfo, Role
from cloud_api.people.back_off import LoginBackOff
from cloud_api.people.scope import Scope
from cloud_api.routes.answers import documented
from cloud_api.routes.people_views import ScopeView, UserView, scope_view, user_view
from cloud_api.services import Services

__all__ = ["managing_router"]

_READING = (Unauthenticated, Forbidden, StoreUnavailable)
_WRITING = (*_READING, MalformedJson, InvalidInput, BodyTooLarge)
_UserName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9._@-]{0,99}$")]
_KeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{12}$")]
_Text = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
_Password = Annotated[str, Field(min_length=1, max_length=200)]


class UserBody(BaseModel):
    """A new user. Without ``password`` and ``issuer`` he gets a password that the answer shows once."""

    model_config = ConfigDict(extra="forbid")
    name: _Text
    role: Role
    scope: ScopeView = ScopeView(districts=[], departments=[], grids=[])
    password: _Password | None = None
    issuer: Annotated[str | None, Field(max_length=300)] = Field(
        default=None, description="He logs in at this OpenID provider, not with a password."
    )


class UserChange(BaseModel):
    """What of a user is changed; what is absent stays. His sessions end."""

    model_config = ConfigDict(extra="forbid")
    role: Role | None = None
    scope: ScopeView | None = None
    locked: bool | None = None


class MadeUserView(BaseModel):
    """A user, and his new password, once."""

    user: UserView
    password: str | None = Field(description="Shown once; null where the caller chose it.")


class NewPasswordBody(BaseModel):
    """Another password; without one, a random one that the answer shows once."""

    model_config = ConfigDict(extra="forbid")
    password: _Password | None = None


class KeyBody(BaseModel):
    """A new key."""

    model_config = ConfigDict(extra="forbid")
    name: _Text
    role: Role
    scope: ScopeView = ScopeView(districts=[], departments=[], grids=[])


class KeyView(BaseModel):
    """An API key, never its token."""

    id: str
    name: str
    role: Role
    scope: ScopeView
    made_at: AwareDatetime
    revoked_at: AwareDatetime | None


class MadeKeyView(BaseModel):
    """A key and its token, once."""

    key: KeyView
    token: str


def managing_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes that change users, and those about keys."""
    router = APIRouter(tags=["people"])
    _user_routes(router, services, gate)
    _key_routes(router, services, gate)
    return router


def _user_routes(router: APIRouter, services: Services, gate: Gate) -> None:
    manager = Annotated[Identity, Depends(gate.manage)]
    users, passwords = services.users, services.passwords
    back_off = LoginBackOff(services.store)

    def note(caller: Identity, action: str, target: str) -> None:
        """Keep in the audit log what was changed: the request's own line does not hold its body."""
        services.ledger.append([draft(services.clock.now(), actor_of(caller), action, target)])

    @router.post(
        "/v1/users",
        summary="Add a user",
        status_code=201,
        responses=documented(*_WRITING),
    )
    def add_user(body: UserBody, caller: manager, response: Response) -> MadeUserView:
        """Add somebody who may log in; a password that was not given is made and shown once."""
        made = _made_password(body.password) if body.issuer is None else None
        hashed = None if body.issuer is not None else passwords.hash(body.password or made or "")
        user = users.add(
            body.name,
            body.role,
            _scope(body.scope),
            services.clock.now(),
            password_hash=hashed,
            issuer=body.issuer,
        )
        note(caller, "users.add", f"name={user.name} role={user.role} scope={user.scope}")
        response.headers["Cache-Control"] = "no-store"
        return MadeUserView(user=user_view(user), password=made)

    @router.patch(
        "/v1/users/{user}",
        summary="Change a user's role or scope, lock him out or let him in",
        responses=documented(*_WRITING, NotFound),
    )
    def change_user(user: _UserName, body: UserChange, caller: manager) -> UserView:
        """Change what is named; nobody takes his own rights away, so that somebody keeps them."""
        if caller.kind == "user" and caller.name == user:
            raise InvalidInput(
                f"user {user!r} is who asks: another administrator changes role, scope and lock"
            )
        found = users.change(
            user,
            services.clock.now(),
            role=body.role,
            scope=None if body.scope is None else _scope(body.scope),
            locked=body.locked,
        )
        services.sessions.forget()
        if body.locked is False:
            back_off.forgive(user)
        if body.locked is not None:
            note(caller, "users.lock" if body.locked else "users.unlock", f"name={user}")
        if body.role is not None or body.scope is not None:
            note(caller, "users.roles", f"name={user} role={found.role} scope={found.scope}")
        return user_view(found)

    @router.post(
        "/v1/users/{user}/password",
        summary="Give a user another password; his sessions end",
        responses=documented(*_WRITING, NotFound),
    )
    def reset_password(
        user: _UserName, body: NewPasswordBody, caller: manager, response: Response
    ) -> MadeUserView:
        """Set a password, or make one and show it once."""
        users.get(user)
        made = _made_password(body.password)
        hashed = passwords.hash(body.password or made or "")
        found = users.change(user, services.clock.now(), password_hash=hashed)
        services.sessions.forget()
        back_off.forgive(user)
        note(caller, "users.password", f"name={user}")
        response.headers["Cache-Control"] = "no-store"
        return MadeUserView(user=user_view(found), password=made)


def _key_routes(router: APIRouter, services: Services, gate: Gate) -> None:
    manager = Annotated[Identity, Depends(gate.manage)]

    @router.get(
        "/v1/keys", summary="List API keys, never their tokens", responses=documented(*_READING)
    )
    def list_keys(_caller: manager) -> list[KeyView]:
        """Return every key, revoked ones too, oldest first."""
        return [_key(each) for each in services.keys.list()]

    @router.post(
        "/v1/keys", summary="Make an API key", status_code=201, responses=documented(*_WRITING)
    )
    def add_key(body: KeyBody, caller: manager, response: Response) -> MadeKeyView:
        """Return a key and its token, which is not stored and cannot be had again."""
        now = services.clock.now()
        info, token = services.keys.create(body.name, body.role, now, _scope(body.scope))
        target = f"key={info.key_id} role={info.role} scope={info.scope}"
        services.ledger.append([draft(now, actor_of(caller), "keys.create", target)])
        response.headers["Cache-Control"] = "no-store"
        return MadeKeyView(key=_key(info), token=token)

    @router.delete(
        "/v1/keys/{key_id}",
        summary="Make an API key worthless",
        status_code=204,
        responses=documented(*_READING, InvalidInput, NotFound),
    )
    def revoke_key(key_id: _KeyId, caller: manager) -> Response:
        """Revoke a key; running servers notice within ``key_cache_s``."""
        if caller.kind == "key" and caller.key_id == key_id:
            raise InvalidInput(f"key {key_id!r} is who asks: revoke it with another one")
        services.keys.revoke(key_id, services.clock.now())
        return Response(status_code=204)


def _made_password(given: str | None) -> str | None:
    """Return a random password of 128 bits where none is given."""
    return secrets.token_urlsafe(16) if given is None else None


def _scope(view: ScopeView) -> Scope:
    """Return a scope.

    Raises:
        InvalidInput: one of its names is no id or code.
    """
    try:
        return msgspec.convert(view.model_dump(), Scope)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"scope: {error}") from error


def _key(info: KeyInfo) -> KeyView:
    return KeyView(
        id=info.key_id,
        name=info.name,
        role=info.role,
        scope=scope_view(info.scope),
        made_at=from_us(info.created_at_us),
        revoked_at=None if info.revoked_at_us is None else from_us(info.revoked_at_us),
    )
