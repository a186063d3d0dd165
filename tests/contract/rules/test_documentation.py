"""docs/rules.md names everything that a pack may hold and everything the engine counts."""

import re
from pathlib import Path

import pytest

from rules import (
    action_declaration,
    declaration,
    operator_declaration,
    place_declaration,
    tally_declaration,
    where_declaration,
)
from rules.engine import ALLOWED_AHEAD_S, FORGET_S, Engine
from rules.expression.parser import FUNCTIONS, MAX_DEPTH, MAX_NODES
from rules.expression.tokens import MAX_LENGTH
from rules.pack import compile_pack
from rules.vocabulary import STREAMS
from runtime.yaml_document import parse_document

PAGE = Path(__file__).parents[3] / "docs" / "rules.md"
DECLARED = (
    declaration.PackDeclaration,
    declaration.RuleDeclaration,
    declaration.EventDeclaration,
    declaration.EvidenceDeclaration,
    declaration.WatchDeclaration,
    declaration.StepDeclaration,
    declaration.RepeatDeclaration,
    declaration.TestDeclaration,
    tally_declaration.TallyDeclaration,
    *(getattr(where_declaration, name) for name in where_declaration.__all__),
    *(getattr(place_declaration, name) for name in place_declaration.__all__),
    *(getattr(action_declaration, name) for name in action_declaration.__all__),
    *(getattr(operator_declaration, name) for name in operator_declaration.__all__),
)
WORDS = sorted(
    {name for struct in DECLARED for name in struct.__struct_encode_fields__} - {"rules"}
    | {name for stream in STREAMS.values() for name in (*stream.keys, *stream.fields)}
    | {kind for kind in STREAMS if kind != "readings"}
    | set(Engine(()).counters)
)


@pytest.mark.parametrize("word", WORDS)
def test_every_name_is_documented(word: str) -> None:
    """Every field, key and counter stands in the page as code."""
    assert re.search(rf"`{word}`", PAGE.read_text("utf-8"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_is_documented(function: str) -> None:
    """Every function of the expression language stands in the page."""
    assert f"`{function}(" in PAGE.read_text("utf-8")


def test_the_limits_are_the_real_ones() -> None:
    """The numbers in the text are those in the code."""
    text = " ".join(PAGE.read_text("utf-8").split())

    assert (
        f"At most {MAX_LENGTH} characters, {MAX_NODES} operands and operators, {MAX_DEPTH} levels"
        in text
    )
    assert f"dated more than {ALLOWED_AHEAD_S:.0f} s after its arrival" in text
    assert f"dropped {FORGET_S:.0f} s after they were last seen" in text


BLOCKS = [
    block
    for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    if re.search(r"^rules:", block, re.MULTILINE)
]


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_whole_packs_on_the_page_compile(block: str) -> None:
    """Every example that is a pack by itself is one that runs."""
    document = parse_document(block, "rules.md")

    assert compile_pack(document.data, "rules.md", document.error).rules


def test_the_example_compiles() -> None:
    """The pack at the top of the page is one."""
    found = re.search(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert found is not None
    document = parse_document(found.group(1), "rules.md")

    assert len(compile_pack(document.data, "rules.md", document.error).rules[0].steps) == 3
