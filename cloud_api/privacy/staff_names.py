"""Names of the staff in what somebody wrote: known ones, from the register of users and the duty roster.

A name that nothing announces cannot be guessed, but these are known. One pattern finds them all in one pass over a text.
"""

import re
import time
from collections.abc import Callable, Iterable

import structlog

from cloud_api.errors import StoreUnavailable

__all__ = ["WRITTEN_FIELDS", "StaffNames", "names_pattern"]

_log = structlog.get_logger(__name__)

WRITTEN_FIELDS = frozenset(
    {
        "answer",
        "comment",
        "decision_reason",
        "delivery_reason",
        "description",
        "note",
        "reason",
        "text",
        "what",
        "words",
    }
)
"""Fields in which people write what they like. Others name accounts on purpose, or have words of their own."""

_STARS = "****"
_SHORTEST = 2
_FRESH_S = 5.0
"""For so long, in real seconds, the register is not read again; another process may have changed it."""


class _Node(dict[str, "_Node"]):
    """A letter's followers among names that begin alike; ``ends`` says that a name ends here."""

    ends = False


def names_pattern(names: Iterable[str]) -> re.Pattern[str] | None:
    """Return what finds any of some names, the longest that fits; None where there are none.

    A name of letters and digits stands alone; Chinese is written without blanks. One letter is no name. Names that
    begin alike share their beginning in the pattern, so a thousand names cost a text little more than ten.
    """
    root = _Node()
    for name in sorted({name.strip().lower() for name in names}):
        if len(name) < _SHORTEST:
            continue
        node = root
        for letter in name:
            node = node.setdefault(letter, _Node())
        node.ends = True
    if not root:
        return None
    return re.compile(_written(root, "(?<![0-9a-z_])"), re.IGNORECASE)


def _written(node: _Node, before: str = "") -> str:
    """Return the pattern of what follows a node; ``before`` stands in front of the first letter, if that is plain."""
    branches = []
    for letter, follower in node.items():
        plain = letter.isascii() and letter.isalnum()
        end = "(?![0-9a-z_]|-[0-9a-z])" if plain else ""
        rest = _written(follower) if follower else ""
        if follower.ends:
            rest = f"(?:{rest}|{end})" if rest else end
        branches.append((before if plain else "") + re.escape(letter) + rest)
    return branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"


class StaffNames:
    """The names that are known now.

    Args:
        read: returns the users' names.
        others: names beside theirs, as of the duty roster.
        words: what is no name although a user is called so: departments and units.
    """

    def __init__(
        self, read: Callable[[], Iterable[str]], *, others: Iterable[str], words: Iterable[str]
    ) -> None:
        self._read = read
        self._others = frozenset(others)
        self._words = frozenset(words)
        self._known: frozenset[str] | None = None
        self._pattern: re.Pattern[str] | None = None
        self._due_s = 0.0
        self.version = 0
        """Grows when other names are known."""

    def forget(self) -> None:
        """Read the register again for the next text: users have changed."""
        self._due_s = 0.0

    @property
    def due(self) -> bool:
        """Whether :meth:`refresh` would read the register."""
        return time.monotonic() >= self._due_s

    def refresh(self) -> None:
        """Read the register where that is due; where it cannot be read, the names known before are kept."""
        if not self.due:
            return
        try:
            found = frozenset(self._read())
        except StoreUnavailable as error:
            _log.warning("staff_names_kept", cause=str(error)[:300])
            return
        self._due_s = time.monotonic() + _FRESH_S
        if found != self._known:
            self._pattern = names_pattern((found | self._others) - self._words)
            self._known = found
            self.version += 1

    def hidden(self, text: str) -> str:
        """Return a text without the names."""
        return text if self._pattern is None else self._pattern.sub(_STARS, text)
