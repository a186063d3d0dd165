"""The examination: how often a model is right on the side of the corpus that it has never seen."""

from collections import Counter
from collections.abc import Iterable
from random import Random

from msgspec import Struct

from cloud_api.wording.corpus import NO_MATTER, Kind, Phrases, Sentence, compose
from cloud_api.wording.model import WordingModel

__all__ = ["Examined", "Figures", "examine"]


class Figures(Struct, frozen=True, kw_only=True):
    """How well some sentences were read; shares of 1, None where there is nothing to divide by."""

    sentences: int
    accuracy: float | None
    sure: float | None
    """Share at or above the threshold: taken over without a person."""
    sure_accuracy: float | None
    """Share of right ones among the sure."""


class Examined(Struct, frozen=True, kw_only=True):
    """What an examination found."""

    model: str
    matters: int
    threshold: float
    plain: Figures
    by_kind: dict[str, Figures]
    """By kind and language of the phrase, like ``typos zh``."""
    by_family: dict[str, Figures]
    unasked: Figures
    """What is no matter of the street, plain: sure ones would bother a department for nothing."""
    confusions: dict[str, dict[str, int]]
    """Plain sentences of a matter by the matter that was read."""


def examine(model: WordingModel, side: Phrases, *, each: int, seed: int) -> Examined:
    """Return how a model does on one side of the corpus.

    Args:
        model: the model.
        side: phrases and carriers that it has not learnt from.
        each: sentences of one matter, language and kind.
        seed: of the choices.
    """
    read: list[tuple[Sentence, str, float]] = []
    for kind in Kind:
        for sentence in compose(side, Random(seed), each=each, kinds={kind: 1.0}):  # noqa: S311 - a corpus, no secret
            guess = model.guess(sentence.text)
            read.append((sentence, guess.matter, guess.confidence))
    plain = [one for one in read if one[0].kind is Kind.PLAIN]
    confusions: dict[str, Counter[str]] = {}
    for sentence, matter, _ in plain:
        confusions.setdefault(sentence.matter, Counter())[matter] += 1
    kinds = sorted({f"{one[0].kind} {one[0].language}" for one in read})
    families = sorted({one[0].family for one in plain})
    return Examined(
        model=model.name,
        matters=len(model.matters),
        threshold=round(model.threshold, 4),
        plain=_figures(plain, model.threshold),
        by_kind={
            name: _figures(
                (one for one in read if f"{one[0].kind} {one[0].language}" == name), model.threshold
            )
            for name in kinds
        },
        by_family={
            name: _figures((one for one in plain if one[0].family == name), model.threshold)
            for name in families
        },
        unasked=_figures((one for one in plain if one[0].matter == NO_MATTER), model.threshold),
        confusions={matter: dict(sorted(seen.items())) for matter, seen in confusions.items()},
    )


def _figures(read: Iterable[tuple[Sentence, str, float]], threshold: float) -> Figures:
    listed = list(read)
    right = [sentence.matter == matter for sentence, matter, _ in listed]
    sure = [confidence >= threshold for _, _, confidence in listed]
    sure_right = sum(r for r, s in zip(right, sure, strict=True) if s)
    return Figures(
        sentences=len(listed),
        accuracy=_share(sum(right), len(listed)),
        sure=_share(sum(sure), len(listed)),
        sure_accuracy=_share(sure_right, sum(sure)),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
