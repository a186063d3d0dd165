"""Errors of the runtime.

RuntimeFault
├── ConfigError        (permanent)  a document that is no valid configuration: file, line, column
├── SecretError        (permanent)  a password that cannot be had from where it should be
├── LetterError        (permanent)  a message that can never be sent (too large)
├── OutboxMismatch     (permanent)  an outbox that belongs to another box
├── OutboxBroken       (permanent)  an outbox file that SQLite cannot read
├── OutboxFull         (transient)  no room for more messages; what is stored stays
├── JournalBroken      (permanent)  bytes in the middle of a journal that are not what was written
├── JournalFull        (transient)  no room for more records; what is stored stays
└── StoreLocked        (permanent)  another process owns the outbox or journal

Transient means: the same call may succeed later, so wait and try again. Permanent means: a person
has to act. Nothing else decides whether to retry.
"""

from pathlib import Path

__all__ = [
    "ConfigError",
    "JournalBroken",
    "JournalFull",
    "LetterError",
    "OutboxBroken",
    "OutboxFull",
    "OutboxMismatch",
    "Permanent",
    "RuntimeFault",
    "SecretError",
    "StoreLocked",
    "Transient",
]


class Transient(Exception):
    """Mix-in: the same call may succeed later."""


class Permanent(Exception):
    """Mix-in: the same call fails the same way until a person acts."""


class RuntimeFault(Exception):
    """Base of every error of this package."""


class ConfigError(RuntimeFault, Permanent):
    """A document is not what it should be; ``str`` is ``file:line:column: message``.

    Attributes:
        path: the document's name, mostly a file name.
        line: line of the offending value, from 1.
        column: column of the offending value, from 1.
        message: what was found, what was expected, what to do.
    """

    def __init__(self, path: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{path}:{line}:{column}: {message}")
        self.path = path
        self.line = line
        self.column = column
        self.message = message


class SecretError(RuntimeFault, Permanent):
    """A password file or environment variable is missing, empty or readable by others."""


class LetterError(RuntimeFault, Permanent):
    """A message can never leave: it is larger than any hub takes."""


class OutboxMismatch(RuntimeFault, Permanent):
    """The outbox holds messages of another box."""


class OutboxBroken(RuntimeFault, Permanent):
    """SQLite cannot read or write the outbox for a reason that waiting does not mend."""


class OutboxFull(RuntimeFault, Transient):
    """The disk, or SQLite's page limit, has no room; nothing already stored is lost.

    Attributes:
        path: the outbox file.
        need_bytes: how much the refused call wanted to store.
    """

    def __init__(self, path: Path, need_bytes: int, cause: str) -> None:
        super().__init__(
            f"outbox {path}: no room for {need_bytes} more bytes ({cause}); nothing stored is "
            "lost; free disk space on that file system or lower outbox.budget_bytes, then it "
            "goes on by itself"
        )
        self.path = path
        self.need_bytes = need_bytes


class JournalBroken(RuntimeFault, Permanent):
    """A journal segment holds bytes that were not written so, before its committed end."""


class JournalFull(RuntimeFault, Transient):
    """The disk has no room for more records; what was appended before is safe."""


class StoreLocked(RuntimeFault, Permanent):
    """Another process already writes to this outbox or journal."""
