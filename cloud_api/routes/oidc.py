"""Logging in at an OpenID provider: there and back."""

import html
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse

from cloud_api.access import Gate
from cloud_api.errors import (
    InvalidInput,
    NotFound,
    ProviderUnavailable,
    RateLimited,
    StoreUnavailable,
    Unauthenticated,
)
from cloud_api.people.oidc import STATE_S, OidcLogin
from cloud_api.routes.answers import documented
from cloud_api.routes.people import set_session_cookie
from cloud_api.services import Services

__all__ = ["oidc_router"]

_COOKIE = "cityloop_login"
_PATH = "/v1/login/oidc"


def oidc_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/login/oidc``."""
    router = APIRouter(tags=["people"])
    config = services.config

    def configured() -> OidcLogin:
        if services.oidc is None:
            raise NotFound("no OpenID provider is configured; log in with POST /v1/login")
        return services.oidc

    @router.get(
        _PATH,
        summary="Begin a login at the OpenID provider",
        status_code=303,
        dependencies=[Depends(gate.stranger)],
        response_class=RedirectResponse,
        responses=documented(NotFound, RateLimited, ProviderUnavailable),
    )
    async def begin() -> Response:
        """Send the browser to the provider."""
        began = await run_in_threadpool(configured().begin, time.time())
        answer = RedirectResponse(began.url, status_code=303, headers={"Cache-Control": "no-store"})
        # Lax: the provider's page leads back here, and the cookie has to come along.
        answer.set_cookie(
            _COOKIE,
            began.cookie,
            max_age=round(STATE_S),
            path=_PATH,
            secure=config.cookie_secure,
            httponly=True,
            samesite="lax",
        )
        return answer

    @router.get(
        f"{_PATH}/callback",
        summary="Come back from the OpenID provider",
        response_class=HTMLResponse,
        dependencies=[Depends(gate.stranger)],
        responses=documented(
            Unauthenticated,
            NotFound,
            InvalidInput,
            RateLimited,
            ProviderUnavailable,
            StoreUnavailable,
        ),
    )
    async def finish(
        request: Request,
        state: Annotated[str, Query(max_length=200)] = "",
        code: Annotated[str, Query(max_length=4000)] = "",
    ) -> Response:
        """Begin a session for who came back; the page leads on to ours."""
        cookie = request.cookies.get(_COOKIE, "")
        user = await run_in_threadpool(configured().finish, cookie, state, code, time.time())
        token, identity = await run_in_threadpool(services.sessions.open, user)
        request.state.identity = identity
        assert config.oidc is not None
        target = html.escape(config.oidc.after_login, quote=True)
        # A page and not a redirect: a strict cookie is not sent along a way that began elsewhere.
        answer = HTMLResponse(
            f'<!doctype html><meta http-equiv="refresh" content="0;url={target}">'
            f'<a href="{target}">cityloop</a>',
            headers={"Content-Security-Policy": "default-src 'none'"},
        )
        set_session_cookie(answer, token, secure=config.cookie_secure, longest_s=config.session_s)
        answer.delete_cookie(_COOKIE, path=_PATH, httponly=True, samesite="lax")
        return answer

    return router
