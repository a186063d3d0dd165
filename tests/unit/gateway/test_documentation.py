"""docs/gateway.md and its sister pages name everything that a user can set, read or meet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_type_hints

import click
import msgspec
import pytest

from gateway import errors
from gateway.__main__ import main
from gateway.config import GatewayConfig
from gateway.intake import Reason
from gateway.metrics import METRICS

_DOCS = Path(__file__).parents[3] / "docs"
PAGE = "\n".join(
    (_DOCS / f"{name}.md").read_text(encoding="utf-8") for name in ("gateway", "sinks", "telemetry")
)


def _fields(struct: Any) -> Iterator[str]:
    """Yield the names of a configuration's fields, those of our own sections included."""
    hints = get_type_hints(struct)
    for field in msgspec.structs.fields(struct):
        yield field.name
        for inner in (hints[field.name], *get_args(hints[field.name])):
            if getattr(inner, "__module__", "") == "gateway.config":
                yield from _fields(inner)


def _commands(group: click.Group, prefix: str = "") -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("field", sorted(set(_fields(GatewayConfig)))),
        ("metric", [metric.name for metric in METRICS]),
        ("reason", [reason.value for reason in Reason]),
        ("command", [f"python -m gateway {name}" for name in _commands(main)]),
        ("error", [n for n in errors.__all__ if n not in {"GatewayError", "DeliveryError"}]),
    ],
    ids=["configuration", "metrics", "reasons", "commands", "errors"],
)
def test_page_names_it(what: str, names: list[str]) -> None:
    """Nothing of this kind is missing from the page."""
    assert len(names) > 3
    assert [f"{what} {name}" for name in names if name not in PAGE] == []
