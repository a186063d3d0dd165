"""Title templates: ``{site} ponding {depth_m:.2f} m``, filled from known names only."""

import math
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

__all__ = ["TitleTemplate", "compile_title"]

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_INSIDE = re.compile(r"([a-z_][a-z0-9_]*)(?::\.([0-6])f)?")
_MISSING = "?"
_LONGEST = 200


class TitleTemplate(NamedTuple):
    """A checked template: pieces of text, and names with their number of decimals."""

    pieces: tuple[str | tuple[str, int | None], ...]

    def render(self, values: Mapping[str, object]) -> str:
        """Return the text with every name filled in; a name without a value shows as ``?``."""
        return "".join(
            piece if isinstance(piece, str) else _shown(values.get(piece[0]), piece[1])
            for piece in self.pieces
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the template reads."""
        return tuple(piece[0] for piece in self.pieces if not isinstance(piece, str))


def _shown(value: object, decimals: int | None) -> str:
    if value is None:
        return _MISSING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        if not math.isfinite(value):
            return _MISSING
        return f"{value:g}" if decimals is None else f"{value:.{decimals}f}"
    return str(value)


def compile_title(text: str, names: Collection[str]) -> TitleTemplate:
    """Return the template in a text.

    A placeholder is ``{name}`` or ``{name:.Nf}``; nothing else of Python's format language is
    understood, so that a template can reach no attribute of anything. ``{{`` is a brace.

    Raises:
        ValueError: an unknown name, another format, a lone brace, or too long a text.
    """
    return _compiled(text, frozenset(names))


@lru_cache(maxsize=4_096)
def _compiled(text: str, names: frozenset[str]) -> TitleTemplate:
    """Return the template; the same text over the same names is compiled once."""
    if len(text) > _LONGEST:
        msg = f"title of {len(text)} characters; expected at most {_LONGEST}"
        raise ValueError(msg)
    pieces: list[str | tuple[str, int | None]] = []
    last = 0
    for match in _PLACEHOLDER.finditer(text):
        pieces.append(text[last : match.start()])
        pieces.append(_piece(match, names))
        last = match.end()
    pieces.append(text[last:])
    return TitleTemplate(tuple(piece for piece in pieces if piece))


def _piece(match: re.Match[str], names: Collection[str]) -> str | tuple[str, int | None]:
    found = match.group()
    if found in {"{{", "}}"}:
        return found[0]
    inside = _INSIDE.fullmatch(match.group(1) or "")
    if inside is None:
        msg = (
            f"{found!r} is no placeholder; expected {{name}} or {{name:.2f}}, and {{{{ for a brace"
        )
        raise ValueError(msg)
    name, decimals = inside.groups()
    if name not in names:
        msg = f"{name!r} is not known here; expected one of {', '.join(sorted(names))}"
        raise ValueError(msg)
    return name, None if decimals is None else int(decimals)
