"""Pictures that people look at again 人工复核: what a box thinks is hard, and what they say of it."""

import re
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Id, Moment, Ratio, Sha256

__all__ = ["LabelledBox", "ReviewDecision", "ReviewItem", "ReviewReason", "network_name"]

_Label = Annotated[str, Meta(min_length=1, max_length=80)]


_MODEL = re.compile(
    r"(?P<name>.+?)(-[0-9]{1,5}\.[0-9]{1,5}\.[0-9]{1,5}(-[0-9a-z.-]{1,32})?)?-[0-9a-f]{8}"
)


def network_name(model: str) -> str:
    """Return what all versions of a network are called: its model without version and hash.

    Args:
        model: of an observation or a review: file stem or bundle, perhaps a version, short hash.

    Returns:
        ``smoke`` of ``smoke-2.0.0-1a2b3c4d`` and of ``smoke-1a2b3c4d``; what is no such model stays as it is.
    """
    found = _MODEL.fullmatch(model)
    return model if found is None else found["name"]


class ReviewReason(StrEnum):
    """Why a picture is worth a second look."""

    LOW_CONFIDENCE = "low_confidence"
    """Something was found with a confidence in between: neither sure nor nothing."""
    FLICKER = "flicker"
    """A thing came and went from one look to the next."""
    DISAGREEMENT = "disagreement"
    """A candidate in the shadow saw something else."""
    FALSE_ALARM = "false_alarm"
    """An operator said that there was nothing."""


class LabelledBox(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing in a picture."""

    label: _Label
    box_xyxy: tuple[Ratio, Ratio, Ratio, Ratio]
    """Shares of the picture's width and height."""
    confidence: Ratio | None = None
    """The model's; None: a person drew it."""


class ReviewItem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One picture to look at again."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,80}$")]
    box: Id
    camera: Id
    model: Annotated[str, Meta(max_length=200)]
    """Which network looked: name, version, hash; empty: nobody knows."""
    reason: ReviewReason
    taken_at: Moment
    evidence: Sha256
    """The picture, redacted unless ``redacted`` says otherwise, in the store of evidence."""
    width: Annotated[int, Meta(ge=1, le=16_384)]
    height: Annotated[int, Meta(ge=1, le=16_384)]
    redacted: bool = True
    """False for a crop that was released for training, with its line in the box's release log."""
    boxes: Annotated[tuple[LabelledBox, ...], Meta(max_length=500)] = ()
    """What the network found, under its own names."""
    further_model: Id | None = None
    """Id of the camera's further model that looked; None: its first, or the picture is an operator's."""


class ReviewDecision(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a person says of it."""

    accepted: bool
    """False: of no use, whatever is in it."""
    boxes: Annotated[tuple[LabelledBox, ...], Meta(max_length=500)] = ()
    """What really is there; none where nothing is."""
