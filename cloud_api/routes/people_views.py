"""What the API shows of people: scopes and users, never their passwords."""

from pydantic import AwareDatetime, BaseModel

from cloud_api.instants import from_us
from cloud_api.people.register import User
from cloud_api.people.scope import Scope

__all__ = ["ScopeView", "UserView", "scope_view", "user_view"]


class ScopeView(BaseModel):
    """What of the city somebody may see; an empty list sets no bound."""

    districts: list[str]
    departments: list[str]
    grids: list[str]


class UserView(BaseModel):
    """A user, never his password."""

    id: str
    name: str
    role: str
    scope: ScopeView
    has_password: bool
    issuer: str | None
    made_at: AwareDatetime
    locked_at: AwareDatetime | None


def scope_view(scope: Scope) -> ScopeView:
    """Return a scope as it is shown."""
    return ScopeView(
        districts=list(scope.districts),
        departments=list(scope.departments),
        grids=list(scope.grids),
    )


def user_view(user: User) -> UserView:
    """Return a user as he is shown."""
    return UserView(
        id=user.user_id,
        name=user.name,
        role=user.role.value,
        scope=scope_view(user.scope),
        has_password=user.has_password,
        issuer=user.issuer,
        made_at=from_us(user.made_at_us),
        locked_at=None if user.locked_at_us is None else from_us(user.locked_at_us),
    )
