"""What the installer typed as a camera, taken apart: address, user and password. Pure functions."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from edge.errors import SetupRefused

__all__ = ["TypedSource", "parse_typed"]


class TypedSource(Struct, frozen=True, kw_only=True):
    """A camera's address without its credentials, and these."""

    address: str
    """``rtsp://host/path``, or the path of a file."""
    username: str | None = None
    password: str | None = None

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
        SetupRefused: a scheme that no camera has, or an address without a host.
    """
    scheme, colon, rest = text.partition("://")
    if not colon:
        return TypedSource(address=text)
    if scheme not in {"rtsp", "rtsps"}:
        raise SetupRefused(
            f"{scheme}:// is no camera's address; expected rtsp://host/path, rtsps://host/path or a "
            "file (platforms of GB/T 28181 are reached through an RTSP bridge)"
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
