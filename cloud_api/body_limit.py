"""Limits on what a request may send, and for how long it may take."""

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud_api.errors import BodyTooLarge, RequestTimeout
from cloud_api.problems import problem_response

__all__ = ["BodyLimit"]


class BodyLimit:
    """Refuses bodies that are too large or too slow; evidence and models have limits of their own.

    A body that says its size is refused without being kept; one that does not is counted. As much
    again as the limit is read and thrown away, so that a client which sends first and reads later
    sees the answer and not a broken connection.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit_bytes: int,
        evidence_bytes: int,
        bundle_bytes: int,
        timeout_s: float,
    ) -> None:
        self._bundle_bytes = bundle_bytes
        self._app = app
        self._limit_bytes = limit_bytes
        self._evidence_bytes = evidence_bytes
        self._timeout_s = timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its body watched."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        limit = self._limit_of(path)
        declared = dict(scope["headers"]).get(b"content-length", b"")
        if declared.isdigit() and int(declared) > limit:
            problem = _too_large(path, int(declared), limit)
            await self._drain(receive, 2 * limit)
            await problem_response(problem, path)(scope, receive, send)
            return
        received = 0
        complete = False

        async def watched() -> Message:
            nonlocal received, complete
            if complete:  # what comes now is the client going away, which may take for ever
                return await receive()
            try:
                async with asyncio.timeout(self._timeout_s):
                    message = await receive()
            except TimeoutError as error:
                raise RequestTimeout(
                    f"{path}: nothing of the body came for {self._timeout_s:g} s; send it again",
                    headers={"Connection": "close"},
                ) from error
            received += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if received > limit:
                if not complete:
                    await self._drain(receive, limit)
                raise _too_large(path, received, limit)
            return message

        await self._app(scope, watched, send)

    def _limit_of(self, path: str) -> int:
        if path.startswith("/v1/evidence/"):
            return self._evidence_bytes
        if path.startswith("/v1/models/") and path.endswith("/bundle"):
            return self._bundle_bytes
        return self._limit_bytes

    async def _drain(self, receive: Receive, budget: int) -> None:
        """Read and forget up to ``budget`` bytes of a body; gives up after the timeout."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                more = True
                while more and budget > 0:
                    message = await receive()
                    budget -= len(message.get("body", b""))
                    more = bool(message.get("more_body", False))


def _too_large(path: str, size: int, limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"{path}: a body of {size} bytes or more; expected at most {limit}; send less at once",
        headers={"Connection": "close"},
    )
