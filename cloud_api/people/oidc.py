"""Logging in at an OpenID provider: authorisation code with PKCE, state and nonce.

Source: OpenID Connect Core 1.0 §3.1, RFC 7636 (PKCE), RFC 9700 (security best current practice).
"""

import base64
import hashlib
import secrets
import threading
import time
from typing import Any
from urllib.parse import urlencode

import httpx
import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from msgspec import Struct

from cloud_api.errors import ProviderUnavailable, Unauthenticated
from cloud_api.people.oidc_config import OidcConfig
from cloud_api.people.register import User, UserRegister
from cloud_api.privacy.keybook import KeyBook
from runtime.secret import read_secret

__all__ = ["Began", "OidcLogin"]

STATE_S = 600.0
"""Seconds that somebody has to log in at the provider."""

_TIMEOUT_S = 10.0
_METADATA_S = 3_600.0
_LEEWAY_S = 60
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
_NONCE_BYTES = 12


class _Pending(Struct, frozen=True):
    """What the cookie keeps, sealed, while somebody is at the provider."""

    state: str
    nonce: str
    verifier: str
    until_s: float


class Began(Struct, frozen=True):
    """A login that has begun: where the browser goes, and the cookie that it comes back with."""

    url: str
    cookie: str


class _Provider(Struct, frozen=True):
    """What of the provider's metadata is used (OpenID Connect Discovery 1.0 §3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class OidcLogin:
    """Sends people to the provider and takes them back; safe for any thread.

    Args:
        config: which provider, and who we are there.
        register: who may log in.
        book: keys for the cookie.

    Raises:
        SecretError: the client's secret cannot be had.
    """

    def __init__(self, config: OidcConfig, register: UserRegister, book: KeyBook) -> None:
        self._config = config
        self._register = register
        self._cipher = AESGCM(book.derive("oidc-state"))
        self._secret = read_secret(None, config.client_secret_env, "oidc client secret")
        self._mutex = threading.Lock()
        self._known: tuple[float, _Provider, KeySet] | None = None

    def begin(self, now_s: float) -> Began:
        """Return where to send a browser.

        Args:
            now_s: real seconds since 1970.

        Raises:
            ProviderUnavailable: the provider does not answer.
        """
        provider, _ = self._provider()
        pending = _Pending(
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(24),
            secrets.token_urlsafe(48),
            now_s + STATE_S,
        )
        challenge = hashlib.sha256(pending.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._config.client_id,
            "redirect_uri": self._config.redirect_url,
            "scope": self._config.scopes,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, msgspec.json.encode(pending), None)
        separator = "&" if "?" in provider.authorization_endpoint else "?"
        return Began(
            f"{provider.authorization_endpoint}{separator}{urlencode(query)}",
            base64.urlsafe_b64encode(sealed).decode(),
        )

    def finish(self, cookie: str, state: str, code: str, now_s: float) -> User:
        """Return the user who came back from the provider.

        Raises:
            Unauthenticated: the way back does not fit the way there, the provider's word does not hold,
                or nobody here is who came.
            ProviderUnavailable: the provider does not answer.
        """
        pending = self._pending(cookie)
        if (
            pending is None
            or pending.until_s < now_s
            or not secrets.compare_digest(pending.state.encode(), state.encode())
        ):
            raise Unauthenticated("this login was not begun here, or took too long; begin again")
        provider, keys = self._provider()
        claims = self._claims(provider, keys, self._exchange(provider, code, pending), pending)
        subject = str(claims["sub"])
        user = self._register.bound(provider.issuer, subject)
        if user is None:
            name = claims.get(self._config.name_claim)
            if isinstance(name, str):
                user = self._register.bind(name.lower(), provider.issuer, subject)
        if user is None or user.locked_at_us is not None:
            raise Unauthenticated(
                "the provider knows you, but nobody here is you; ask an administrator (users add "
                "--issuer)"
            )
        return user

    def _pending(self, cookie: str) -> _Pending | None:
        try:
            sealed = base64.urlsafe_b64decode(cookie)
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
            return msgspec.json.decode(plain, type=_Pending)
        except (InvalidTag, ValueError):
            return None

    def _exchange(self, provider: _Provider, code: str, pending: _Pending) -> str:
        """Return the id token for a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._config.redirect_url,
            "client_id": self._config.client_id,
            "code_verifier": pending.verifier,
        }
        auth = None
        if self._secret is not None:
            auth = httpx.BasicAuth(self._config.client_id, self._secret)
        try:
            answer = httpx.post(provider.token_endpoint, data=form, auth=auth, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            raise ProviderUnavailable(f"{provider.token_endpoint}: {error}; try again") from error
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise ProviderUnavailable(f"{provider.token_endpoint}: status {answer.status_code}")
        try:
            token = answer.json().get("id_token")
        except (ValueError, AttributeError):
            token = None
        if answer.status_code != httpx.codes.OK or not isinstance(token, str):
            raise Unauthenticated("the provider does not take this code; begin again")
        return token

    def _claims(
        self, provider: _Provider, keys: KeySet, token: str, pending: _Pending
    ) -> dict[str, Any]:
        """Return the claims of an id token that holds (OpenID Connect Core 1.0 §3.1.3.7)."""
        rules = jwt.JWTClaimsRegistry(
            now=lambda: int(time.time()),
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": self._config.client_id},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": pending.nonce},
        )
        try:
            claims = jwt.decode(token, keys, algorithms=list(_ALGORITHMS)).claims
            rules.validate(claims)
        except (JoseError, ValueError) as error:
            self._forget()  # its keys may have changed
            raise Unauthenticated(f"the provider's token does not hold: {error}") from error
        return claims

    def _provider(self) -> tuple[_Provider, KeySet]:
        with self._mutex:
            known = self._known
        if known is not None and known[0] > time.monotonic():
            return known[1], known[2]
        issuer = self._config.issuer.rstrip("/")
        try:
            found = httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=_TIMEOUT_S)
            provider = msgspec.json.decode(found.raise_for_status().content, type=_Provider)
            served = httpx.get(provider.jwks_uri, timeout=_TIMEOUT_S)
            keys = KeySet.import_key_set(served.raise_for_status().json())
        except (httpx.HTTPError, msgspec.DecodeError, JoseError, ValueError) as error:
            raise ProviderUnavailable(
                f"OpenID provider {issuer}: {error}; try again; if it lasts, check oidc.issuer"
            ) from error
        if provider.issuer.rstrip("/") != issuer:
            raise ProviderUnavailable(
                f"OpenID provider {issuer}: calls itself {provider.issuer}; correct oidc.issuer"
            )
        with self._mutex:
            self._known = (time.monotonic() + _METADATA_S, provider, keys)
        return provider, keys

    def _forget(self) -> None:
        with self._mutex:
            self._known = None
