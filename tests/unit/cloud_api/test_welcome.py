"""Whether a listener's key still holds: asked once for all who listen with it."""

import asyncio

from cloud_api.errors import Unauthenticated
from cloud_api.people.welcome import Welcome


class _Door:
    """Knows which tokens hold, and how often it was asked."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = set(tokens)
        self.asked: list[str] = []

    def identify(self, token: str) -> str:
        """Return who it is."""
        self.asked.append(token)
        if token not in self.tokens:
            raise Unauthenticated("the key was revoked")
        return token


def test_a_crowd_with_one_key_asks_once() -> None:
    """Two thousand screens of one control room are one question."""
    door = _Door("a")
    welcome = Welcome(door.identify, every_s=60.0)

    async def crowd() -> list[bool]:
        return await asyncio.gather(*(welcome.holds("a") for _ in range(100)))

    assert (asyncio.run(crowd()), door.asked) == ([True] * 100, ["a"])


def test_every_key_is_asked_about() -> None:
    """One that holds says nothing about another one."""
    door = _Door("a")
    welcome = Welcome(door.identify, every_s=60.0)

    async def both() -> tuple[bool, bool]:
        return await welcome.holds("a"), await welcome.holds("b")

    assert (asyncio.run(both()), sorted(door.asked)) == ((True, False), ["a", "b"])


def test_a_revoked_key_is_believed_no_longer_than_said() -> None:
    """Then it is asked about again."""
    door = _Door("a")
    welcome = Welcome(door.identify, every_s=0.0)

    async def before_and_after() -> tuple[bool, bool]:
        before = await welcome.holds("a")
        door.tokens.clear()
        return before, await welcome.holds("a")

    assert asyncio.run(before_and_after()) == (True, False)


def test_who_goes_away_takes_the_answer_from_nobody() -> None:
    """A listener that leaves while its key is asked about leaves the others waiting for it."""
    door = _Door("a")
    welcome = Welcome(door.identify, every_s=60.0)

    async def one_leaves() -> bool:
        first = asyncio.ensure_future(welcome.holds("a"))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(welcome.holds("a"))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert (asyncio.run(one_leaves()), door.asked) == (True, ["a"])
