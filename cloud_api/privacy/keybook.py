"""Master keys of the API, from a file or the environment; everything else is derived from them.

A book has one line for each key, ``{key id} {32 bytes as base64}``. The first one is used for what is
sealed from now on, the others only open what was sealed before: that is how keys are rotated.
"""

import base64
import binascii
import os
import re
import secrets
from pathlib import Path
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from runtime.errors import SecretError

__all__ = ["KEY_BYTES", "KeyBook", "rotate"]

KEY_BYTES = 32
"""Length of every key: AES-256. Source: requirements.md SEC-07."""

_LINE = re.compile(r"(?P<id>[a-z0-9-]{1,32}) (?P<key>[A-Za-z0-9+/]{43}=)")


class KeyBook:
    """Master keys by id, the present one first; never printed and never stored in the database."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        self._keys = keys
        self._derived: dict[tuple[str, str], bytes] = {}
        self.current = next(iter(keys))
        """Id of the key that seals from now on."""

    def __repr__(self) -> str:
        return f"KeyBook({', '.join(self._keys)})"

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all keys, the present one first."""
        return tuple(self._keys)

    @classmethod
    def parse(cls, text: str, source: str) -> Self:
        """Return the book in a text.

        Raises:
            SecretError: a line is no key, two have one id, or there is none.
        """
        keys: dict[str, bytes] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            match = _LINE.fullmatch(line.strip())
            if match is None or match["id"] in keys:
                raise SecretError(
                    f"{source}: line {number} is no key of its own; expected an id, a blank and 32 "
                    "bytes as base64, as `cloud_api secrets rotate` writes them"
                )
            try:
                keys[match["id"]] = base64.b64decode(match["key"], validate=True)
            except binascii.Error as error:
                raise SecretError(f"{source}: line {number}: {error}") from error
        if not keys:
            raise SecretError(f"{source}: holds no key; remove it to get a new one")
        return cls(keys)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Return the book in a file, which is made, readable by its owner alone, where there is none.

        Raises:
            SecretError: the file cannot be read or written, or is no book of keys.
        """
        try:
            if not path.exists():
                _write_new(path, _line(_new_id()))
            text = path.read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise SecretError(f"keys_file {path}: {error}; check path and owner") from error
        return cls.parse(text, f"keys_file {path}")

    @classmethod
    def from_environment(cls, name: str) -> Self:
        """Return the book in an environment variable; ``;`` ends a line there too.

        Raises:
            SecretError: the variable is unset or no book of keys.
        """
        return cls.parse(
            os.environ.get(name, "").replace(";", "\n"), f"environment variable {name}"
        )

    def derive(self, purpose: str, key_id: str | None = None) -> bytes:
        """Return the 32-byte key for one purpose (HKDF-SHA256, RFC 5869) from a master key.

        Args:
            purpose: what it is for; other purposes get unrelated keys.
            key_id: which master key; None: the present one.

        Raises:
            SecretError: the master key is not in the book any more.
        """
        chosen = (self.current if key_id is None else key_id, purpose)
        if chosen not in self._derived:
            master = self._keys.get(chosen[0])
            if master is None:
                raise SecretError(
                    f"master key {chosen[0]!r} is not in the book of keys, which has "
                    f"{', '.join(self._keys)}; put its line back"
                )
            self._derived[chosen] = HKDF(
                SHA256(), KEY_BYTES, None, f"cityloop/{purpose}".encode()
            ).derive(master)
        return self._derived[chosen]


def rotate(path: Path) -> str:
    """Put a new key in front of a book's file; return its id. Former keys stay below.

    Raises:
        SecretError: the file cannot be read or written, or is no book of keys.
    """
    KeyBook.open(path)
    key_id = _new_id()
    try:
        beside = path.with_name(f"{path.name}.new")
        beside.unlink(missing_ok=True)
        _write_new(beside, _line(key_id) + path.read_text("ascii"))
        beside.replace(path)
    except OSError as error:
        raise SecretError(f"keys_file {path}: {error}; check path and owner") from error
    return key_id


def _new_id() -> str:
    return f"k-{secrets.token_hex(4)}"


def _line(key_id: str) -> str:
    return f"{key_id} {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"


def _write_new(path: Path, text: str) -> None:
    """Write a file that nobody else can read; another process that does the same wins or loses whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}-{secrets.token_hex(6)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(beside, path)
    except FileExistsError:
        pass  # another process was first; its keys hold
    finally:
        beside.unlink()
