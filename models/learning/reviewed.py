"""Pictures of the review queue in a folder: files, and one JSON document about them."""

from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from contracts.review import LabelledBox, ReviewItem
from models.learning.errors import ExchangeRefused

__all__ = ["Reviewed", "file_of", "load_reviewed", "save_reviewed"]

_FILE = "reviews.json"


class Reviewed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture of the queue, with what a person says of it."""

    item: ReviewItem
    accepted: bool | None = None
    """None: nobody has looked yet."""
    boxes: Annotated[tuple[LabelledBox, ...], Meta(max_length=500)] = ()
    """What really is there."""

    @property
    def shown(self) -> tuple[LabelledBox, ...]:
        """The boxes to begin with: a person's where there are any, else the network's."""
        return self.item.boxes if self.accepted is None else self.boxes


def file_of(item: ReviewItem) -> str:
    """Return the name of a picture's file: it says which it is, also to other tools."""
    return f"{item.id}.jpg"


def save_reviewed(folder: Path, pictures: list[Reviewed]) -> None:
    """Write the document of a folder, all of it or none."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{_FILE}"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(pictures)))
    draft.replace(folder / _FILE)


def load_reviewed(folder: Path) -> list[Reviewed]:
    """Return what the document of a folder says.

    Raises:
        ExchangeRefused: there is none, or it is no such document.
    """
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=list[Reviewed])
    except (OSError, msgspec.DecodeError) as error:
        raise ExchangeRefused(f"{folder / _FILE}: {error}; run models review fetch") from error
