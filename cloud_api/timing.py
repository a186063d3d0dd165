"""How long answers take, by route."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud_api.metrics import Metrics

__all__ = ["Timing"]


class Timing:
    """Observes the time until an answer begins."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note when its answer began."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "unmatched")
                self._metrics.request_seconds.labels(
                    scope["method"], route, str(message["status"])
                ).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, noted)
