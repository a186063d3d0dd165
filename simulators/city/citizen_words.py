"""What people write: phrases with a place in their own words, and slips of the pen."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from msgspec import Struct

from contracts.event import Title
from runtime.yaml_document import load_config

__all__ = ["CitizenWords", "citizen_words", "slipped", "worded"]


class ClassWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Phrases about one incident class, and its number in the national sample of code tables."""

    code: str
    zh: tuple[str, ...]
    en: tuple[str, ...]


class CitizenWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``citizen_words.yaml``."""

    classes: dict[str, ClassWords]
    near: dict[str, tuple[str, ...]]
    street: dict[str, str]
    slips: dict[str, str]


@lru_cache(maxsize=1)
def citizen_words() -> CitizenWords:
    """Return the words that ship."""
    return load_config(Path(__file__).parent / "citizen_words.yaml", CitizenWords)


def worded(
    class_name: str, language: str, rng: np.random.Generator, street: Title | None = None
) -> str:
    """Return a sentence about an incident, without slips.

    Args:
        class_name: of the incident; one of :func:`citizen_words`.
        language: ``zh`` or ``en``.
        rng: chooses.
        street: names of the street where it is; None: any place that people speak of.
    """
    words = citizen_words()
    own = words.classes[class_name]
    phrases = own.zh if language == "zh" else own.en
    near = words.near[language][int(rng.integers(len(words.near[language])))]
    if street is not None:
        near = words.street[language].replace(
            "{street}", street.zh if language == "zh" else street.en
        )
    place = near.replace("{number}", str(int(rng.integers(1, 300))))
    return phrases[int(rng.integers(len(phrases)))].replace("{near}", place)


def slipped(text: str, rng: np.random.Generator) -> str:
    """Return a text with one or two slips: a wrong character, one left out, doubled, or two swapped."""
    letters = list(text)
    confused = citizen_words().slips
    for _ in range(int(rng.integers(1, 3))):
        known = [index for index, letter in enumerate(letters) if letter in confused]
        at = int(rng.integers(0, max(1, len(letters) - 1)))
        kind = int(rng.integers(0, 4))
        if known and kind < 2:
            at = known[int(rng.integers(len(known)))]
            letters[at] = confused[letters[at]]
        elif kind == 0:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif kind == 1:
            letters.insert(at, letters[at])
        elif len(letters) > 2:
            del letters[at]
    return "".join(letters)
