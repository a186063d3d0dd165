"""What the installer typed as a camera, taken apart: address, user and password. Pure functions."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from edge.cameras.device_mode import DeviceWish, parse_wish
from edge.errors import SetupRefused

__all__ = ["TypedSource", "parse_typed"]


class TypedSource(Struct, frozen=True, kw_only=True):
    """A camera's address without its credentials, and these."""

    address: str
    """``rtsp://host/path``, the path of a file, or a video device such as /dev/video0."""
    username: str | None = None
    password: str | None = None
    wish: DeviceWish | None = None
    """What a video device is asked for; None for what is no device."""

    @property
    def live(self) -> bool:
        """Whether it is a network camera."""
        return self.address.startswith(("rtsp://", "rtsps://"))

    def section(self, password_file: str, folder: Path) -> dict[str, Any]:
        """Return the camera's ``source`` as the configuration holds it.

        Args:
            password_file: where the password is to be found.
            folder: of the configuration; files below it are named relative to it.
        """
        if self.wish is not None:
            return {"device": self.address, **_asked(self.wish)}
        if not self.live:
            path = Path(self.address).resolve()
            inside = path.is_relative_to(folder)
            return {"file": str(path.relative_to(folder) if inside else path)}
        section: dict[str, Any] = {"rtsp": self.address}
        if self.username is not None:
            section["username"] = self.username
        if self.password is not None:
            section["password_file"] = password_file
        return section


def parse_typed(text: str) -> TypedSource:
    """Return what an address that may hold credentials consists of.

    Raises:
        SetupRefused: a scheme that no camera has, an address without a host, or a device's size or
            rate that is none.
    """
    scheme, colon, rest = text.partition("://")
    if not colon:
        device = text.startswith("/dev/")
        return TypedSource(address=text, wish=DeviceWish() if device else None)
    if scheme == "v4l2":
        path, _, query = rest.partition("?")
        try:
            return TypedSource(address=path, wish=parse_wish(query))
        except ValueError:
            raise SetupRefused(
                f"{query} is nothing that a camera can be asked for; expected "
                "v4l2:///dev/video0?size=1280x720&rate=30&format=mjpeg"
            ) from None
    if scheme not in {"rtsp", "rtsps"}:
        raise SetupRefused(
            f"{scheme}:// is no camera's address; expected rtsp://host/path, rtsps://host/path, "
            "/dev/video0 or a file (platforms of GB/T 28181 are reached through an RTSP bridge)"
        )
    # passwords with "/" or "@" in them are often written as they are
    login, at, host = rest.rpartition("@")
    if not host or host.startswith("/"):
        raise SetupRefused(f"{scheme}:// names no host; expected {scheme}://host/path")
    if not at:
        return TypedSource(address=text)
    user, separator, password = login.partition(":")
    return TypedSource(
        address=f"{scheme}://{host}",
        username=unquote(user) or None,
        password=unquote(password) if separator else None,
    )


def _asked(wish: DeviceWish) -> dict[str, Any]:
    """Return what a device is asked for, as the configuration holds it."""
    asked = {
        "device_size": None if wish.size is None else list(wish.size),
        "device_fps": wish.rate_hz,
        "device_format": wish.format,
    }
    return {name: value for name, value in asked.items() if value is not None}
