"""Whether the tokens of those who listen still hold: asked about once in a while, however many listen with one."""

import asyncio
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from cloud_api.errors import Unauthenticated

__all__ = ["Welcome"]

_MOST = 10_000
"""Tokens of which an answer is kept."""


class Welcome:
    """Answers for a while with what was last said of a token; belongs to one event loop.

    Args:
        identify: asks about a token; raises :class:`~cloud_api.errors.Unauthenticated` where it holds no more.
        every_s: for how long an answer is believed, in real seconds.
    """

    def __init__(self, identify: Callable[[str], object], every_s: float) -> None:
        self._identify = identify
        self._every_s = every_s
        self._asked: dict[str, tuple[float, asyncio.Task[bool]]] = {}

    async def holds(self, token: str) -> bool:
        """Return whether a token held when it was last asked about.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        now = asyncio.get_running_loop().time()
        until, asking = self._asked.get(token, (now, None))
        if asking is None or now >= until:
            if len(self._asked) >= _MOST:
                self._asked.clear()
            asking = asyncio.ensure_future(self._ask(token))
            self._asked[token] = (now + self._every_s, asking)
        # one that goes away while it waits must not take the answer from the others
        return asking.result() if asking.done() else await asyncio.shield(asking)

    async def _ask(self, token: str) -> bool:
        try:
            await run_in_threadpool(self._identify, token)
        except Unauthenticated:
            return False
        return True
