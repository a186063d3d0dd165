"""Who may log in: password hashes, and the registers of boxes added here or enrolled at the API."""

import secrets
from pathlib import Path

import bcrypt
import msgspec
from msgspec import Struct

from cityloop.hub.errors import RegistryError
from contracts.ids import check_id
from runtime.private_file import write_private

__all__ = ["BoxLogin", "Register", "hash_password"]


def hash_password(password: str, cost: int) -> str:
    """Return the bcrypt hash of a password, in the form that nats-server recognises (``$2a$``).

    Raises:
        RegistryError: it is longer than the 72 bytes that bcrypt looks at.
    """
    try:
        salt = bcrypt.gensalt(cost, prefix=b"2a")
        return bcrypt.hashpw(password.encode(), salt).decode()
    except ValueError as error:
        raise RegistryError(f"password cannot be hashed: {error}; use at most 72 bytes") from error


class BoxLogin(Struct, frozen=True, kw_only=True):
    """A registered box and the hash of its password."""

    box: str
    district: str
    site: str
    password_hash: str


class Register:
    """Boxes that were added here (``boxes.json``) and boxes that the API enrolled (``enrolled.json``)."""

    def __init__(self, data: Path) -> None:
        self.path = data / "boxes.json"
        self.enrolled_path = data / "enrolled.json"

    def boxes(self) -> list[BoxLogin]:
        """Return the boxes that were added here, sorted by id.

        Raises:
            RegistryError: the file is damaged.
        """
        return _read(self.path)

    def enrolled(self) -> list[BoxLogin]:
        """Return the boxes that the API enrolled, sorted by id.

        Raises:
            RegistryError: the file is damaged.
        """
        return _read(self.enrolled_path)

    def replace_enrolled(self, logins: list[BoxLogin]) -> None:
        """Put another list of enrolled boxes in the place of the one there is."""
        _write(self.enrolled_path, logins)

    def remove(self, box: str) -> None:
        """Strike off a box that was added here.

        Raises:
            RegistryError: it was not.
        """
        known = self.boxes()
        left = [login for login in known if login.box != box]
        if len(left) == len(known):
            raise RegistryError(f"box {box!r} is not in {self.path}; see `cityloop hub config`")
        _write(self.path, left)

    def add(self, box: str, district: str, site: str, cost: int) -> str:
        """Register a box and return its new password, which is kept nowhere.

        Raises:
            RegistryError: the box is registered already.
            IdError: an id is not legal.
        """
        known = self.boxes()
        if any(login.box == box for login in known):
            raise RegistryError(
                f"box {box!r} is registered already in {self.path}; pick another id"
            )
        password = secrets.token_urlsafe(24)
        login = BoxLogin(
            box=check_id(box, "box"),
            district=check_id(district, "district"),
            site=check_id(site, "site"),
            password_hash=hash_password(password, cost),
        )
        entries = sorted([*known, login], key=lambda entry: entry.box)
        _write(self.path, entries)
        return password


def _read(path: Path) -> list[BoxLogin]:
    if not path.exists():
        return []
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[BoxLogin])
    except msgspec.DecodeError as error:
        raise RegistryError(f"register {path}: {error}; restore it") from error


def _write(path: Path, logins: list[BoxLogin]) -> None:
    write_private(path, msgspec.json.format(msgspec.json.encode(logins)).decode())
