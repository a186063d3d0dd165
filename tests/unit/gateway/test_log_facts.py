"""What the gateway logs: snake_case facts with context, each of them in the documentation."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
DOCS = "\n".join(page.read_text("utf-8") for page in sorted((ROOT / "docs").glob("*.md")))
FACT = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)+$")


def _calls() -> Iterator[tuple[str, int, ast.Call]]:
    """Yield file, line and call of everything that is logged."""
    for path in sorted((ROOT / "gateway").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and "log" in ast.unparse(node.func.value)
            ):
                yield str(path.relative_to(ROOT)), node.lineno, node


CALLS = list(_calls())
FACTS = sorted(
    {
        call.args[0].value
        for _, _, call in CALLS
        if call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }
)


def test_there_is_something_to_check() -> None:
    """The search finds the gateway's log lines."""
    assert len(FACTS) > 20


@pytest.mark.parametrize("fact", FACTS)
def test_fact_is_snake_case_and_documented(fact: str) -> None:
    """An operator who meets a line finds it in the documentation."""
    assert FACT.match(fact)
    assert f"`{fact}`" in DOCS


def test_context_is_never_part_of_the_text() -> None:
    """Facts are constants: what varies stands in fields, where machines can read it."""
    varying = [
        f"{path}:{line}"
        for path, line, call in CALLS
        if len(call.args) != 1 or isinstance(call.args[0], ast.JoinedStr | ast.BinOp)
    ]

    assert varying == []


def test_nothing_is_printed() -> None:
    """Standard output belongs to the log and to click."""
    printed = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / "gateway").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ]

    assert printed == []
