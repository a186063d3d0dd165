"""Ways out: apprise, and memory for tests and rehearsals."""

import logging
import os
import re
import threading
from pathlib import Path
from typing import NamedTuple, Protocol
from urllib.parse import quote

from cloud_api.notices.errors import NoticePlanError, NoticeUnsent
from cloud_api.notices.plan import Channel

__all__ = ["AppriseSender", "MemorySender", "Message", "NoticeSender", "channel_url"]

_ADDRESS = "{address}"
_LONGEST_WHY = 300
_SECRET_LETTERS = 6
"""Parts of an address that are as long as this are not repeated in what is said about a failure."""


class Message(NamedTuple):
    """What leaves; ``address`` is None for a group's channel."""

    channel: str
    address: str | None
    title: str
    body: str


class NoticeSender(Protocol):
    """Takes messages to where people read them."""

    def send(self, channel: Channel, message: Message) -> None:
        """Send one message; returns when the channel has taken it.

        Raises:
            NoticeUnsent: the channel did not take it; another attempt may help.
            NoticePlanError: the channel's address is absent or unreadable.
        """


class MemorySender:
    """Keeps messages; refuses those through the channels in ``broken``."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.broken: set[str] = set()

    def send(self, channel: Channel, message: Message) -> None:
        """Keep one message.

        Raises:
            NoticeUnsent: the channel is among the broken ones.
        """
        if channel.id in self.broken:
            raise NoticeUnsent(f"channel {channel.id}: out of order")
        self.sent.append(message)


class AppriseSender:
    """Sends through apprise: e-mail, SMS gateways, WeCom, DingTalk, Feishu, webhooks, and more.

    The address is read anew for each message, so that changing it needs no restart.
    """

    def send(self, channel: Channel, message: Message) -> None:
        """Send one message; apprise's own timeouts hold (``?cto=`` and ``?rto=``, 4 s each by default).

        Raises:
            NoticeUnsent: the channel did not take it, or is not to be reached.
            NoticePlanError: its address is absent or nothing that apprise knows.
        """
        import apprise  # noqa: PLC0415 - heavy, and only who sends needs it

        template = channel_url(channel)
        url = template
        if message.address is not None:
            url = template.replace(_ADDRESS, quote(message.address, safe=""))
        target = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if target is None:
            raise NoticePlanError(
                f"channel {channel.id}: apprise does not know its address; see `apprise --help` and "
                "docs/notifications.md for the forms"
            )
        complaints = _Complaints()
        logger = logging.getLogger("apprise")
        logger.addHandler(complaints)
        try:
            taken = target.notify(
                title=message.title, body=message.body, body_format=apprise.NotifyFormat.TEXT
            )
        except (OSError, TypeError, ValueError) as error:
            raise NoticeUnsent(f"channel {channel.id}: {_hidden(str(error), url)}") from error
        finally:
            logger.removeHandler(complaints)
        if not taken:
            why = "; ".join(complaints.lines) or "apprise gave no reason"
            raise NoticeUnsent(f"channel {channel.id}: {_hidden(why, url)}")


class _Complaints(logging.Handler):
    """What apprise says in this thread while it sends."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._thread = threading.get_ident()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of this thread."""
        if record.thread == self._thread:
            self.lines.append(record.getMessage())


def channel_url(channel: Channel) -> str:
    """Return a channel's address with the secrets in it.

    Raises:
        NoticePlanError: the variable or file is absent, or the placeholder does not fit the plan.
    """
    if channel.url_env is not None:
        url = os.environ.get(channel.url_env, "").strip()
        where = f"environment variable {channel.url_env}"
    else:
        path = Path(channel.url_file or "")
        where = f"file {path}"
        try:
            url = path.read_text("utf-8").strip()
        except OSError as error:
            raise NoticePlanError(f"channel {channel.id}: {where}: {error.strerror}") from error
    if not url:
        raise NoticePlanError(
            f"channel {channel.id}: {where} is empty; it holds an address like mailto://..."
        )
    if (_ADDRESS in url) != (channel.address is not None):
        raise NoticePlanError(
            f"channel {channel.id}: {where}: {_ADDRESS} belongs into the address where the plan names a "
            "kind of `address`, and only there"
        )
    return url


def _hidden(text: str, url: str) -> str:
    """Return what was said without parts of the address, which may be secrets."""
    for part in sorted(re.split(r"[:/@?&=%.]+", url), key=len, reverse=True):
        if len(part) >= _SECRET_LETTERS:
            text = text.replace(part, "***")
    return text[:_LONGEST_WHY]
