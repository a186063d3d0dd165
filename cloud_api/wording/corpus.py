"""The corpus: sentences that people might write, made from phrases, carriers and places, each with its matter.

Two sides share nothing but words: no phrase, no carrier, no place of one side stands in the other, so what a model
scores on the side ``test`` is what it makes of phrasing that it has never seen. All of it was written for this
project; real reports differ, and a city measures on its own (:mod:`cloud_api.wording.corrections`).
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Literal, NamedTuple

from msgspec import Struct

from cloud_api.wording.slips import slip
from runtime.yaml_document import convert, load_document

__all__ = [
    "CORPUS_FOLDER",
    "NO_MATTER",
    "Carriers",
    "Kind",
    "Phrases",
    "Sentence",
    "Side",
    "compose",
    "load_corpus",
]

CORPUS_FOLDER = Path(__file__).parent / "corpus"

NO_MATTER = "none"
"""Matter of what is no trouble in the street: asking about papers, wages, praise."""

Language = Literal["zh", "en"]
_OTHER: dict[Language, Language] = {"zh": "en", "en": "zh"}


class Side(StrEnum):
    """Which half of the corpus."""

    TRAIN = "train"
    TEST = "test"


class Kind(StrEnum):
    """How a sentence is written."""

    PLAIN = "plain"
    TYPOS = "typos"
    MIXED = "mixed"
    """The carrier in one language, the phrase in the other."""


class Carriers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands around a phrase in one language: families of carriers, and places."""

    families: dict[str, tuple[str, ...]]
    places: tuple[str, ...]


class Phrases(NamedTuple):
    """One side of the corpus: phrases by matter and language, carriers by language."""

    phrases: Mapping[str, Mapping[Language, Sequence[str]]]
    carriers: Mapping[Language, Carriers]


class Sentence(NamedTuple):
    """One report and what it is about."""

    text: str
    matter: str
    language: Language
    family: str
    kind: Kind
    phrase: str


@lru_cache(maxsize=2)
def load_corpus(side: Side) -> Phrases:
    """Return one side of the corpus that ships.

    Raises:
        ConfigError: a file of it is no valid document.
    """
    phrases = convert(
        load_document(CORPUS_FOLDER / f"{side}.yaml"), dict[str, dict[Language, tuple[str, ...]]]
    )
    carriers = convert(
        load_document(CORPUS_FOLDER / "carriers.yaml"), dict[Side, dict[Language, Carriers]]
    )
    return Phrases(phrases, carriers[side])


def compose(
    side: Phrases, rng: Random, *, each: int, kinds: Mapping[Kind, float]
) -> Iterator[Sentence]:
    """Yield ``each`` sentences of every matter in each language.

    Args:
        side: the phrases, carriers and places to use.
        rng: whence the choices come; the same seed makes the same sentences.
        each: sentences of one matter in one language; phrases take turns, so all are used.
        kinds: how often a sentence is of a kind, as shares of 1.
    """
    names, weights = list(kinds), list(kinds.values())
    for matter, spoken in side.phrases.items():
        for language, phrases in spoken.items():
            for number in range(each):
                kind = rng.choices(names, weights)[0]
                phrase = phrases[number % len(phrases)]
                carrier = side.carriers[_OTHER[language] if kind is Kind.MIXED else language]
                family = rng.choice(list(carrier.families))
                written = slip(phrase, rng) if kind is Kind.TYPOS else phrase
                text = rng.choice(carrier.families[family]).format(
                    core=written, place=rng.choice(carrier.places)
                )
                yield Sentence(text, matter, language, family, kind, phrase)
