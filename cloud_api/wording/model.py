"""The model at work: character n-grams, one linear layer, a calibrated confidence; numpy alone.

Weights are whole numbers of 8 bits with a scale for each matter, in a file of arrays that holds no code.
"""

import hashlib
import unicodedata
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cloud_api.errors import ProfileError

__all__ = ["MOST_CHARACTERS", "Guess", "WordingModel", "load_weights", "plain_form"]

MOST_CHARACTERS = 1000
"""What stands further back in a text is not read: the matter comes first, and a long text must not take long."""

_ARRAYS = (
    "grams",
    "idf",
    "weights",
    "scales",
    "bias",
    "matters",
    "longest",
    "temperature",
    "threshold",
)


def plain_form(text: str) -> str:
    """Return a text as the model reads it: NFKC, lower case, digits alike, one blank for any white space."""
    narrow = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).casefold()
    alike = "".join("0" if letter.isdigit() else letter for letter in narrow)
    return " ".join(alike.split())


class Guess(NamedTuple):
    """What a text is about: the likeliest matter, how sure that is (0..1), and the runners-up."""

    matter: str
    confidence: float
    others: tuple[tuple[str, float], ...]
    because: tuple[str, ...]
    """The pieces of the text that spoke most for it."""


class WordingModel:
    """Tells a text's matter.

    Args:
        arrays: what :mod:`cloud_api.wording.training` has written.
        name: what the model is called in logs: a digest of its file.

    Raises:
        ProfileError: the arrays are not those of a model.
    """

    def __init__(self, arrays: dict[str, NDArray[np.generic]], name: str) -> None:
        lacking = [each for each in _ARRAYS if each not in arrays]
        if lacking:
            raise ProfileError(
                f"wording model {name}: array {lacking[0]} is missing; train it again with "
                "`cityloop api wording train`"
            )
        grams = arrays["grams"].astype(np.uint8).tobytes().decode().split("\n")
        self.name = name
        self.matters = tuple(str(each) for each in arrays["matters"])
        self.threshold = float(arrays["threshold"].item())
        self._column = {gram: at for at, gram in enumerate(grams)}
        self._grams = grams
        self._idf = arrays["idf"].astype(np.float32)
        self._weights = arrays["weights"].astype(np.float32) * arrays["scales"].astype(np.float32)
        self._bias = arrays["bias"].astype(np.float32)
        self._longest = int(arrays["longest"].item())
        self._temperature = float(arrays["temperature"].item())
        if self._weights.shape != (len(grams), len(self.matters)):
            raise ProfileError(
                f"wording model {name}: weights are {self._weights.shape}, expected "
                f"{(len(grams), len(self.matters))}; train it again"
            )

    def features(self, text: str) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """Return the columns of a text's known n-grams and their weights, of length 1 together (or empty)."""
        form = plain_form(text)
        counts: Counter[int] = Counter()
        for length in range(1, self._longest + 1):
            for at in range(len(form) - length + 1):
                column = self._column.get(form[at : at + length])
                if column is not None:
                    counts[column] += 1
        columns = np.fromiter(sorted(counts), dtype=np.intp, count=len(counts))
        often = np.array([counts[at] for at in columns], dtype=np.float32)
        values = (1.0 + np.log(often)) * self._idf[columns] if len(columns) else often
        length_of = float(np.sqrt(np.sum(values**2)))
        return columns, (values / length_of if length_of else values).astype(np.float32)

    def scores(self, text: str) -> NDArray[np.float32]:
        """Return the score of each matter, float32 (matters,); higher is likelier."""
        columns, values = self.features(text)
        return np.asarray(values @ self._weights[columns] + self._bias, dtype=np.float32)

    def guess(self, text: str) -> Guess:
        """Return what a text is about."""
        columns, values = self.features(text)
        if not len(columns):
            return Guess(self.matters[int(np.argmax(self._bias))], 0.0, (), ())
        pulls = values[:, None] * self._weights[columns]
        scores = (pulls.sum(axis=0) + self._bias) / self._temperature
        odds = np.exp(scores - scores.max())
        shares = odds / odds.sum()
        order = np.argsort(-shares, kind="stable")
        best = int(order[0])
        strongest = np.argsort(-pulls[:, best], kind="stable")[:3]
        return Guess(
            self.matters[best],
            round(float(shares[best]), 4),
            tuple((self.matters[at], round(float(shares[at]), 4)) for at in order[1:3]),
            tuple(self._grams[columns[at]] for at in strongest if pulls[at, best] > 0),
        )


@lru_cache(maxsize=2)
def load_weights(path: Path) -> WordingModel:
    """Return the model in a file.

    Raises:
        ProfileError: there is none, or it is no model; a file with code inside is refused unread.
    """
    try:
        content = path.read_bytes()
        with np.load(path, allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
    except (OSError, ValueError) as error:
        raise ProfileError(
            f"{path}: no wording model can be read ({error}); train one with `cityloop api wording train`"
        ) from error
    return WordingModel(arrays, hashlib.sha256(content).hexdigest()[:12])
