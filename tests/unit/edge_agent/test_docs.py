"""The documents of the box name everything that a user can set, see or read in a log."""

import ast
import re
from pathlib import Path

import msgspec
import pytest

from edge import camera_config, config, source_config, vision_config
from edge.__main__ import main
from edge.evidence import config as evidence_config
from edge.health import config as health_config
from edge.model_store import config as model_store_config
from edge.second_look import config as second_look_config
from edge.sensors import config as sensor_config
from edge.sensors import first_gate, wire_config

ROOT = Path(__file__).parents[3]
PAGES = (
    "edge.md",
    "edge-setup.md",
    "edge-health.md",
    "sensors.md",
    "vision.md",
    "analytics.md",
    "evidence.md",
    "model_bundles.md",
    "learning.md",
)
DOCS = "".join((ROOT / "docs" / page).read_text(encoding="utf-8") for page in PAGES)


def structs() -> list[type[msgspec.Struct]]:
    """Return every configuration struct of the box."""
    found = [
        value
        for module in (
            camera_config,
            source_config,
            config,
            vision_config,
            evidence_config,
            health_config,
            model_store_config,
            second_look_config,
            sensor_config,
            wire_config,
            first_gate,
        )
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, msgspec.Struct)
        and value.__module__ == module.__name__
    ]
    assert len(found) > 10
    return found


@pytest.mark.parametrize("struct", structs(), ids=lambda struct: struct.__name__)
def test_every_field_is_named(struct: type[msgspec.Struct]) -> None:
    """Every configuration field, under the name that YAML has for it, stands in the document."""
    missing = [
        field.encode_name
        for field in msgspec.structs.fields(struct)
        if not re.search(rf"\b{field.encode_name}\b", DOCS)
    ]

    assert missing == []


@pytest.mark.parametrize("struct", structs(), ids=lambda struct: struct.__name__)
def test_every_field_has_a_docstring(struct: type[msgspec.Struct]) -> None:
    """Every configuration field says what it is, in which unit, with which default."""
    source = Path(str(__import__(struct.__module__, fromlist=["x"]).__file__))
    tree = ast.parse(source.read_text(encoding="utf-8"))
    body = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == struct.__name__)
    bare = [
        ast.unparse(node.target)
        for node, after in zip(body.body, [*body.body[1:], None], strict=True)
        if isinstance(node, ast.AnnAssign)
        and not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant))
    ]

    assert bare == []


def test_every_command_and_option_is_named() -> None:
    """What the command line offers stands in the document."""
    for name, command in main.commands.items():
        assert name in DOCS
        for parameter in command.params:
            for option in parameter.opts:
                assert option.lstrip("-").upper() in DOCS.upper(), option


def test_every_log_fact_is_named() -> None:
    """What the box may log stands in the document."""
    facts = {
        fact
        for path in (ROOT / "edge").rglob("*.py")
        for fact in re.findall(r'_LOG\.\w+\(\s*"([a-z_]+)"', path.read_text(encoding="utf-8"))
    }

    assert len(facts) > 15
    assert sorted(fact for fact in facts if fact not in DOCS) == []
