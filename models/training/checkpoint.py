"""What a training writes down after each epoch, to go on from there."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import msgspec
import torch
from msgspec import Struct
from torch import nn

from models.training.architectures import find_architecture
from models.training.errors import CheckpointRefused
from models.training.network import StreetNet
from models.training.recipe import Recipe

__all__ = [
    "Checkpoint",
    "build_network",
    "load_checkpoint",
    "save_checkpoint",
    "slimmed",
    "take_over",
]


class Checkpoint(Struct, frozen=True, kw_only=True):
    """A training's state after an epoch."""

    recipe: Recipe
    epoch: int
    """Epochs done."""
    net: dict[str, Any]
    average: dict[str, Any]
    """The calmer numbers: these are what is exported."""
    average_steps: int
    optimiser: dict[str, Any]


def build_network(recipe: Recipe) -> StreetNet:
    """Return a recipe's network with fresh numbers, drawn by the recipe's seed."""
    torch.manual_seed(recipe.seed)
    arch = find_architecture(recipe.arch)
    return StreetNet(
        len(recipe.classes),
        widths=arch.widths,
        depths=arch.depths,
        head=arch.head,
        apart=arch.apart,
    )


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint wholly or not at all."""
    parts = {
        "recipe": msgspec.json.encode(checkpoint.recipe).decode(),
        "epoch": checkpoint.epoch,
        "net": checkpoint.net,
        "average": checkpoint.average,
        "average_steps": checkpoint.average_steps,
        "optimiser": checkpoint.optimiser,
    }
    half = path.with_name(f".half-{path.name}")
    torch.save(parts, half)
    half.replace(path)


def slimmed(checkpoint: Checkpoint) -> Checkpoint:
    """Return what another training needs to begin: the calmer numbers, filters in half precision.

    A quarter of the size and less; a run cannot be gone on with from it.
    """
    return msgspec.structs.replace(
        checkpoint,
        net={},
        optimiser={},
        average={
            # a filter bears 11 bits; means and variances of layers may be too small or large for them
            name: value.half() if value.ndim > 1 else value
            for name, value in checkpoint.average.items()
        },
    )


def load_checkpoint(path: Path) -> Checkpoint:
    """Return a checkpoint. Only numbers and words are read: a file cannot run code.

    Raises:
        CheckpointRefused: no such file, or no checkpoint of this project.
    """
    try:
        parts = torch.load(path, map_location="cpu", weights_only=True)
        recipe = msgspec.json.decode(parts.pop("recipe"), type=Recipe)
        return Checkpoint(recipe=recipe, **parts)
    except OSError as error:
        raise CheckpointRefused(f"checkpoint {path}: {error.strerror}") from error
    except (
        RuntimeError,
        UnpicklingError,
        EOFError,
        KeyError,
        AttributeError,
        TypeError,
        msgspec.DecodeError,
    ) as error:
        raise CheckpointRefused(
            f"checkpoint {path}: not one that `cityloop models train` wrote: {error}"
        ) from error


def take_over(net: nn.Module, checkpoint: Checkpoint) -> list[str]:
    """Give a network another training's numbers where their shapes fit; return what was left fresh.

    Another number of classes leaves the class layers fresh.

    Raises:
        CheckpointRefused: less than half of the numbers fit: it is another network.
    """
    own = net.state_dict()
    fitting = {
        name: value
        for name, value in checkpoint.average.items()
        if name in own and own[name].shape == value.shape
    }
    if 2 * len(fitting) < len(own):
        raise CheckpointRefused(
            f"checkpoint of {checkpoint.recipe.arch}: {len(fitting)} of {len(own)} layers fit; "
            "give the --arch that it was trained with"
        )
    net.load_state_dict(fitting, strict=False)
    return sorted(set(own) - set(fitting))
