"""What browsers are told: which sites may ask, and what a page of ours may do.

Source: OWASP Secure Headers Project; Content Security Policy Level 3; the Fetch standard on CORS.
"""

from collections.abc import Sequence

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["CONSOLE_POLICY", "BrowserGuard", "allowing_origins"]

CONSOLE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
    "worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""What a page of the console may load: itself, and pictures that it made. Maps style inline and draw in workers."""

_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"
_YEAR_S = 31_536_000


class BrowserGuard:
    """Adds headers to every answer that has none of its own for the same end.

    Args:
        app: what answers.
        secure: whether browsers reach us over HTTPS, through the proxy in front.
    """

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._always = {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
        }
        if secure:
            self._always["Strict-Transport-Security"] = f"max-age={_YEAR_S}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._always.items():
                    headers.setdefault(name, value)
                page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault(
                    "Content-Security-Policy", CONSOLE_POLICY if page else _DATA_POLICY
                )
                if not page:
                    # What is shown to one person does not stay in a browser's or proxy's store.
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, guarded)


def allowing_origins(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    """Return an application that pages of these sites may ask, with cookies; unchanged without any.

    Args:
        app: what answers.
        origins: such as ``https://console.city.example``; no wildcard is taken.
    """
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=list(origins),
        allow_credentials=True,
        allow_methods=["GET", "POST", "PUT", "DELETE"],
        allow_headers=[
            "Authorization",
            "Content-Type",
            "If-Match",
            "If-None-Match",
            "Last-Event-ID",
            "X-Purpose",
            "X-Requested-With",
        ],
        expose_headers=["ETag", "Retry-After"],
        max_age=600,
    )
