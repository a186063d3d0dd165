"""Configuration of logins at an OpenID provider."""

from msgspec import Struct

__all__ = ["OidcConfig"]


class OidcConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which provider, and who we are there."""

    issuer: str
    """Address of the provider, as it calls itself. No default."""
    client_id: str
    """Our name there. No default."""
    redirect_url: str
    """Our ``/v1/login/oidc/callback`` as browsers reach it; registered there. No default."""
    client_secret_env: str | None = None
    """Environment variable with our secret there. Default none: a public client."""
    scopes: str = "openid profile"
    """What is asked for. Default ``openid profile``."""
    name_claim: str = "preferred_username"
    """Claim that holds a user's name here, used once to find him. Default preferred_username."""
    after_login: str = "/console/"
    """Path of ours that a browser goes to afterwards. Default /console/."""
