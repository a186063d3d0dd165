"""Training: sentences to weights. Needs scikit-learn (extra ``wording``); what it writes needs numpy alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from cloud_api.wording.corpus import Sentence
from cloud_api.wording.model import plain_form

__all__ = ["Trained", "TrainingPlan", "train", "write_weights"]


class TrainingPlan(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a model is trained; the numbers are this project's choice."""

    longest: int = 3
    """Most characters of an n-gram; default 3."""
    grams: int = 14_000
    """Most n-grams, the most frequent ones; default 14,000."""
    chinese: float = 2.0
    """Weight of an n-gram with a Chinese character, which says as much as several letters; default 2."""
    strength: float = 20.0
    """Inverse of the penalty on large weights (scikit-learn's C); default 20."""
    folds: int = 5
    """Parts into which the phrases are cut for the calibration; default 5."""
    precision: float = 0.95
    """Share of right answers among the sure ones at which the threshold is set; default 0.95."""


class Trained(NamedTuple):
    """The arrays of a model, and what was seen when its confidence was calibrated."""

    arrays: dict[str, NDArray[np.generic]]
    unseen_accuracy: float
    """Share of right answers on phrases that a fold had not seen, 0..1."""
    unseen_sure: float
    """Share of those that are at or above the threshold, 0..1."""


def train(sentences: Sequence[Sentence], plan: TrainingPlan) -> Trained:
    """Return a model of sentences, its confidence calibrated on phrases held out of each fold.

    Args:
        sentences: what to learn from; at least one of each matter in each fold.
        plan: how.
    """
    matters = sorted({each.matter for each in sentences})
    number = {matter: at for at, matter in enumerate(matters)}
    aims = np.array([number[each.matter] for each in sentences])
    scores, truth = _held_out(sentences, aims, plan)
    temperature = _temperature(scores, truth)
    shares = _softmax(scores / temperature)
    confidence, right = shares.max(axis=1), shares.argmax(axis=1) == truth
    threshold = _threshold(confidence, right, plan.precision)
    vectorizer, model = _fit([each.text for each in sentences], aims, plan)
    scales = np.abs(model.coef_).max(axis=1) / 127.0
    whole = np.round(model.coef_ / scales[:, None]).astype(np.int8)
    grams = [str(gram) for gram in vectorizer.get_feature_names_out()]
    arrays: dict[str, NDArray[np.generic]] = {
        "grams": np.frombuffer("\n".join(grams).encode(), dtype=np.uint8),
        "idf": vectorizer.idf_.astype(np.float16),
        "weights": np.ascontiguousarray(whole.T),
        "scales": scales.astype(np.float32),
        "bias": model.intercept_.astype(np.float32),
        "matters": np.array(matters),
        "longest": np.array(plan.longest),
        "temperature": np.array(temperature),
        "threshold": np.array(threshold),
    }
    return Trained(arrays, float(right.mean()), float((confidence >= threshold).mean()))


def write_weights(trained: Trained, path: Path) -> None:
    """Write a model; the same model gives the same bytes."""
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **trained.arrays)


def _fit(
    texts: Sequence[str], aims: NDArray[np.int_], plan: TrainingPlan
) -> tuple[TfidfVectorizer, LogisticRegression]:
    vectorizer = TfidfVectorizer(
        preprocessor=plain_form,
        analyzer="char",
        ngram_range=(1, plan.longest),
        max_features=plan.grams,
        min_df=2,
        sublinear_tf=True,
        dtype=np.float32,
    )
    vectorizer.fit(texts)
    chinese = [
        any("\u4e00" <= letter <= "\u9fff" for letter in gram)
        for gram in vectorizer.get_feature_names_out()
    ]
    vectorizer.idf_ = vectorizer.idf_ * np.where(chinese, plan.chinese, 1.0)
    model = LogisticRegression(C=plan.strength, max_iter=300, tol=1e-3)
    model.fit(vectorizer.transform(texts), aims)
    return vectorizer, model


def _held_out(
    sentences: Sequence[Sentence], aims: NDArray[np.int_], plan: TrainingPlan
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    """Return scores and truth of every sentence, by a model that has seen neither its phrase nor its family.

    A phrase's fold is its place among the phrases of its matter and language, so every fold has all matters.
    """
    places: dict[tuple[str, str], dict[str, int]] = {}
    folds = np.empty(len(sentences), dtype=int)
    for at, each in enumerate(sentences):
        known = places.setdefault((each.matter, each.language), {})
        folds[at] = known.setdefault(each.phrase, len(known)) % plan.folds
    families = sorted({each.family for each in sentences})
    family = np.array([families.index(each.family) for each in sentences])
    scores: list[NDArray[np.float64]] = []
    truth: list[NDArray[np.int_]] = []
    for fold in range(plan.folds):
        kept_family = fold % len(families)
        seen = np.flatnonzero((folds != fold) & (family != kept_family)).tolist()
        unseen = np.flatnonzero((folds == fold) & (family == kept_family)).tolist()
        vectorizer, model = _fit([sentences[at].text for at in seen], aims[seen], plan)
        texts = [sentences[at].text for at in unseen]
        scores.append(model.decision_function(vectorizer.transform(texts)))
        truth.append(aims[unseen])
    return np.concatenate(scores), np.concatenate(truth)


def _softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def _temperature(scores: NDArray[np.float64], truth: NDArray[np.int_]) -> float:
    """Return the temperature at which the confidences fit best what is right.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, section 4.2 (temperature scaling).
    """
    tried = np.geomspace(0.2, 5.0, 97)
    rows = np.arange(len(truth))
    losses = [-np.log(_softmax(scores / t)[rows, truth] + 1e-12).mean() for t in tried]
    return float(tried[int(np.argmin(losses))])


def _threshold(
    confidence: NDArray[np.float64], right: NDArray[np.bool_], precision: float
) -> float:
    """Return the least confidence from which on answers are right as often as ``precision`` says; 1 where never."""
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= precision)
    return float(confidence[order[enough[-1]]]) if len(enough) else 1.0
