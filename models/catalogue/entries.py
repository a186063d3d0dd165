"""What the catalogue of detectors says about each, beyond origin, hash and licence."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from runtime.fetching.catalogue import Entry, entry_named, load_catalogue

__all__ = ["Form", "ModelCatalogue", "ModelEntry", "load_models"]


class Form(StrEnum):
    """What kind of file it is."""

    ONNX = "onnx"
    """A network that the box reads."""
    CHECKPOINT = "checkpoint"
    """Weights to train on from; the box does not read them."""


class ModelEntry(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A detector that can be fetched."""

    form: Form = Form.ONNX
    """onnx or checkpoint."""
    input_px: tuple[Annotated[int, Meta(ge=32)], Annotated[int, Meta(ge=32)]]
    """Rows and columns of the input; of a network whose input is free, what it was trained with."""
    input_free: bool = False
    """Rows and columns may be chosen, in multiples of 32."""
    pixels: str
    """Order and range of the input's pixels, and where the picture is placed."""
    layout: str
    """How its output is read: yolox or ultralytics; yunet is for ``evidence.faces`` alone."""
    labels: str
    """Which classes it knows: the name of a list, and how many."""

    @property
    def strong_copyleft(self) -> bool:
        """Whether the licence reaches whoever runs it for others over a network (AGPL)."""
        return self.licence.startswith("AGPL-")


class ModelCatalogue(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All detectors that can be fetched."""

    entries: tuple[ModelEntry, ...]

    def entry(self, name: str) -> ModelEntry:
        """Return the entry called ``name``.

        Raises:
            UnknownEntry: there is none; the message lists those that there are.
        """
        return entry_named(self.entries, name)


def load_models() -> ModelCatalogue:
    """Return the catalogue that ships with the project.

    Raises:
        ConfigError: the file is not a valid catalogue.
    """
    return load_catalogue("models.catalogue", ModelCatalogue)
