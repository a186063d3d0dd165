"""Where a camera is: a file, a network stream or a video device, and how to write that down safely."""

import re
from dataclasses import dataclass
from pathlib import Path

from edge.cameras.device_mode import DeviceWish, parse_wish, wish_query

__all__ = ["Address", "device_url", "parse_address", "redact"]

_SCHEME = re.compile(r"^([a-z][a-z0-9+.-]+)://", re.IGNORECASE)
# up to the last "@": passwords with "/", "@" or quotes in them are often written as they are
_CREDENTIALS = re.compile(r"(?<=://)\S*@")
# a quote ends a value only where it ends the word, as in: cannot open 'rtsp://box/?token=x':
_SECRETS = re.compile(
    r"(?i)\b(password|passwd|pwd|pass|token|key|secret|auth|user|username)="
    r"[^&\s]*?(?=&|\s|$|['\"][:,;.)\]]*(?:\s|$))"
)


_USB = "v4l2"
"""Scheme of a USB camera: ``v4l2:///dev/video0``, ``v4l2:///dev/video0?size=1280x720&rate=30&format=mjpeg``."""


def redact(text: str) -> str:
    """Return a text with the credentials of every URL in it replaced by ``***``."""
    return _SECRETS.sub(r"\1=***", _CREDENTIALS.sub("***@", text))


def device_url(path: str, wish: DeviceWish) -> str:
    """Return how a video device, and what it is asked for, is written as an address."""
    return f"{_USB}://{path}{wish_query(wish)}"


@dataclass(frozen=True, slots=True)
class Address:
    """A camera's address.

    Attributes:
        url: what the decoder opens; may hold credentials, never log it.
        live: a stream, which does not wait for its reader; else a file.
        device: what is asked of a video device, such as a USB camera; None for what is none.
    """

    url: str
    live: bool
    device: DeviceWish | None = None

    def __str__(self) -> str:
        return redact(self.url)

    def __repr__(self) -> str:
        return f"Address({redact(self.url)!r}, live={self.live})"


def parse_address(text: str | Path) -> Address:
    """Return the address that a path, a ``file://`` or ``v4l2://`` URL or a stream's URL stands for.

    Raises:
        ValueError: a size or a rate behind a ``v4l2://`` URL is none.
    """
    url = str(text)
    scheme = _SCHEME.match(url)
    if scheme is None:
        return Address(url, live=False)
    if scheme[1].lower() == "file":
        return Address(url[len(scheme[0]) :], live=False)
    if scheme[1].lower() == _USB:
        path, _, query = url[len(scheme[0]) :].partition("?")
        return Address(path, live=True, device=parse_wish(query))
    return Address(url, live=True)
