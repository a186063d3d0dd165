"""What a training is told: everything that decides its result, so that it can be done again."""

from typing import Annotated

from msgspec import Meta, Struct

from models.training.errors import RecipeRefused

__all__ = ["Recipe", "check_recipe"]

_COARSEST = 32
"""Pixels of the coarsest grid's cells: sizes must be multiples."""


class Recipe(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a network is trained; written beside it as ``recipe.json``."""

    arch: str = "street-nano"
    """Name of the network. Default: street-nano."""
    data: str
    """Name or version of the data set, as given."""
    data_version: str
    """Its version."""
    classes: tuple[str, ...]
    """What is told apart, in the order of the network's numbers."""
    imgsz: Annotated[int, Meta(ge=64, le=1280)] = 320
    """Rows and columns of the pieces that are learned from, pixels. Default: 320."""
    input_width: Annotated[int, Meta(ge=64, le=2048)] = 320
    """Columns of the exported network's input: pieces are cut from pictures of this width. Default: 320."""
    input_height: Annotated[int, Meta(ge=64, le=2048)] = 320
    """Its rows. Default: 320."""
    epochs: Annotated[int, Meta(ge=1, le=10_000)] = 60
    """How often every picture is learned from. Default: 60."""
    batch: Annotated[int, Meta(ge=1, le=1024)] = 16
    """Pictures a step. Default: 16."""
    step_size: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.002
    """Largest step of AdamW. Default: 0.002."""
    decay: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.02
    """Weight decay. Default: 0.02."""
    warm_epochs: Annotated[float, Meta(ge=0.0)] = 1.0
    """Epochs over which steps grow. Default: 1."""
    mosaic: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    """Share of inputs that are put together of four pictures. Default: 0.5."""
    calm_share: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.2
    """Share of the epochs, the last ones, without mosaics and with milder colours. Default: 0.2."""
    colour: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.5
    """How strongly colours are changed. Default: 0.5."""
    rare: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    """Kinds that less than this share of the pictures hold are shown more often. Default: 0, none is."""
    seed: Annotated[int, Meta(ge=0)] = 1
    """Of every draw. Default: 1."""


def check_recipe(recipe: Recipe) -> None:
    """Refuse what cannot be trained.

    Raises:
        RecipeRefused: a size that is no multiple of 32, or no classes.
    """
    for name in ("imgsz", "input_width", "input_height"):
        value = getattr(recipe, name)
        if value % _COARSEST:
            raise RecipeRefused(
                f"{name} {value}: expected a multiple of {_COARSEST}, the stride of the coarsest grid; "
                f"{value // _COARSEST * _COARSEST or _COARSEST} is the next below"
            )
    if not recipe.classes:
        raise RecipeRefused(f"data set {recipe.data}: it has no classes to learn")
