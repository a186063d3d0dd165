"""Who may look at the preview."""

import base64
from datetime import UTC, datetime
from http import HTTPStatus

from edge.preview.desk import PreviewDesk
from edge.preview.pages import PreviewPages

NOW = datetime(2026, 7, 1, tzinfo=UTC)


def pages(clock: list[float]) -> PreviewPages:
    """Return pages without cameras."""
    desk = PreviewDesk({}, lambda _: None, every_s=1.0, seconds=lambda: clock[0])  # type: ignore[arg-type, return-value]
    return PreviewPages(desk, "ge:heim", seconds=lambda: clock[0])


def login(user: str, password: str) -> str:
    """Return what a browser sends."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_only_the_password_opens() -> None:
    """Neither nothing, nor rubbish, nor another user gets in; colons are part of the password."""
    door = pages([0.0])
    refused = [
        door.admission(words)
        for words in (None, "", "Basic", "Basic ???", "Bearer x", login("preview", "ge"), login("x", "ge:heim"))
    ]  # fmt: skip

    assert set(refused) == {HTTPStatus.UNAUTHORIZED}
    assert door.admission(login("preview", "ge:heim")) is HTTPStatus.OK


def test_guessing_is_slow() -> None:
    """After ten wrong ones nobody gets in for a minute, not even with the right one."""
    clock = [0.0]
    door = pages(clock)
    for _ in range(10):
        door.admission(login("preview", "guess"))
    during = door.admission(login("preview", "ge:heim"))
    clock[0] = 61.0

    assert during is HTTPStatus.TOO_MANY_REQUESTS
    assert door.admission(login("preview", "ge:heim")) is HTTPStatus.OK
