"""Reading the Prometheus text format. Source: Prometheus, "Exposition formats", version 0.0.4."""

import re
from typing import NamedTuple

__all__ = ["Figures", "parse_exposition"]

_LINE = re.compile(r"^(?P<name>[a-zA-Z_:][\w:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)(?: \d+)?$")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPES = {"n": "\n", '"': '"', "\\": "\\"}


class Figures(NamedTuple):
    """Samples of one scrape, by name and labels."""

    values: dict[str, dict[tuple[tuple[str, str], ...], float]]

    def one(self, name: str) -> float:
        """Return the sum of a family over all labels; 0 where there is none."""
        return sum(self.values.get(name, {}).values())

    def by(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """Return a family's values by some of its labels, those that agree added up."""
        found: dict[tuple[str, ...], float] = {}
        for marks, value in self.values.get(name, {}).items():
            known = dict(marks)
            key = tuple(known.get(label, "") for label in labels)
            found[key] = found.get(key, 0.0) + value
        return found


def parse_exposition(text: str) -> Figures:
    """Return the samples of a page; lines that are none are passed over."""
    values: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for line in text.splitlines():
        found = None if line.startswith("#") else _LINE.match(line)
        if found is None:
            continue
        try:
            value = float(found["value"])
        except ValueError:
            continue
        marks = tuple(
            (name, re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), raw))
            for name, raw in _LABEL.findall(found["labels"] or "")
        )
        values.setdefault(found["name"], {})[marks] = value
    return Figures(values)
