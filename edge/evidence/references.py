"""How places looked when something was told of them: small grey pictures, in memory, for comparing."""

from collections import OrderedDict

import cv2
import numpy as np
from msgspec import Struct

from edge.evidence.comparison import Luma, Region, reduced
from edge.evidence.subject import Subject
from edge.evidence.view import View

__all__ = ["Reference", "References", "shown"]

_MOST = 512
"""References kept: 28 kB each, so 14 MB."""


class Reference(Struct, frozen=True, eq=False):
    """How a place looked.

    Attributes:
        luma: as :func:`edge.evidence.comparison.reduced` returns it.
        region: where in it the matter was; None: everywhere.
    """

    luma: Luma
    region: Region | None


def shown(view: View) -> Luma:
    """Return the brightness of what may be shown of a view: masked as pictures of it are."""
    if not view.masks:
        return view.frame.luma
    return np.asarray(cv2.cvtColor(view.picture(), cv2.COLOR_BGR2GRAY), np.uint8)


class References:
    """The latest references by the SHA-256 of the picture that left the box; the oldest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Reference] = OrderedDict()

    def keep(self, sha256: str, view: View, subject: Subject | None) -> None:
        """Remember a view under the picture that was made of it."""
        region = None
        if subject is not None:
            left, top, right, bottom = subject.xyxy
            width, height = view.frame.width, view.frame.height
            region = (left / width, top / height, right / width, bottom / height)
        self._kept[sha256] = Reference(reduced(shown(view)), region)
        self._kept.move_to_end(sha256)
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def find(self, sha256: str) -> Reference | None:
        """Return how it looked, or None where it is forgotten."""
        return self._kept.get(sha256)

    @staticmethod
    def of_picture(data: bytes) -> Reference | None:
        """Return an encoded picture as a reference; None where it is none."""
        luma = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
        return None if luma is None else Reference(reduced(np.asarray(luma, np.uint8)), None)
