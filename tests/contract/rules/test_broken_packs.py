"""Shipped packs with random damage: each compiles or is refused by its own error, nothing else."""

import contextlib
import copy
import random
from pathlib import Path
from typing import Any

import pytest

import rules
from gateway.quality_defaults import load_quality_defaults
from rules.pack import compile_pack
from rules.pack_tests import run_pack_tests
from runtime.yaml_document import load_document

WHOLE = Path(__file__).parent / "packs" / "whole_language.yaml"
"""Every part of the language in one pack."""
PACKS = [WHOLE, *sorted((Path(rules.__file__).parent / "packs").glob("*.yaml"))]
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1.5, float("nan"), 10**30, "", "x", "0s", "depth_m", "\x00", '"', "{a.b}",
    "a" * 2000, [], [1], [[]], {}, {"a": 1}, {1: 2}, {"zh": 1, "en": 2}, ["subject"],
)  # fmt: skip


class Refused(Exception):
    """What the compiler is given to raise."""


def _refuse(path: object, message: str) -> Exception:
    return Refused(f"{path}: {message}")


def _places(value: object) -> list[tuple[Any, Any]]:
    """Return every container in a document with each of its keys or indexes."""
    if isinstance(value, dict):
        own: list[tuple[Any, Any]] = [(value, name) for name in value]
    elif isinstance(value, list):
        own = [(value, index) for index in range(len(value))]
    else:
        return []
    return own + [place for container, key in own for place in _places(container[key])]


def damage(data: object, rng: random.Random) -> object:
    """Return a copy of a pack in which one to three places were overwritten, removed or added to."""
    data = copy.deepcopy(data)
    for _ in range(rng.randint(1, 3)):
        container, key = rng.choice(_places(data) or [({"": None}, "")])
        act = rng.random()
        if act < 0.6:
            container[key] = copy.deepcopy(rng.choice(JUNK))
        elif act < 0.8:
            del container[key]
        elif isinstance(container, dict):
            container[rng.choice(["foo", "for", "when", "class", 1, None])] = copy.deepcopy(
                rng.choice(JUNK)
            )
        else:
            container.append(copy.deepcopy(rng.choice(JUNK)))
    return data


@pytest.mark.parametrize("path", PACKS, ids=lambda path: path.stem)
def test_damage_is_refused_or_harmless(path: Path) -> None:
    """Of 150 damaged copies most are refused, and none makes the compiler fail."""
    whole, rng, refused = load_document(path).data, random.Random(path.stem), 0

    for _ in range(150):
        broken = damage(whole, rng)
        refused += 1
        with contextlib.suppress(Refused):
            compile_pack(broken, path.name, _refuse, load_quality_defaults())
            refused -= 1

    assert refused > 110


def test_the_whole_language_compiles_and_runs_its_tests() -> None:
    """The pack that the damage begins with is a good one."""
    document = load_document(WHOLE)
    pack = compile_pack(document.data, "whole", document.error)

    assert [result.found for result in run_pack_tests(pack) if not result.ok] == []
