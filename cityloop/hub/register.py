"""Who may log in: password hashes, and the register of boxes that were added at run time."""

import os
import secrets
from pathlib import Path

import bcrypt
import msgspec
from msgspec import Struct

from cityloop.hub.errors import RegistryError
from contracts.ids import check_id

__all__ = ["BoxLogin", "Register", "hash_password", "write_private"]


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


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, all of it or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


class BoxLogin(Struct, frozen=True, kw_only=True):
    """A registered box and the hash of its password."""

    box: str
    district: str
    site: str
    password_hash: str


class Register:
    """The boxes that were added at run time, in ``boxes.json`` of the hub's folder."""

    def __init__(self, data: Path) -> None:
        self.path = data / "boxes.json"

    def boxes(self) -> list[BoxLogin]:
        """Return the registered boxes, sorted by id.

        Raises:
            RegistryError: the file is damaged.
        """
        if not self.path.exists():
            return []
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=list[BoxLogin])
        except msgspec.DecodeError as error:
            raise RegistryError(f"register {self.path}: {error}; restore it") from error

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
        write_private(self.path, msgspec.json.format(msgspec.json.encode(entries)).decode())
        return password
