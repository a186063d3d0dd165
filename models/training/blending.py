"""Two networks into one: what a further training learned, without what it forgot.

Source: M. Wortsman et al., Robust fine-tuning of zero-shot models, 2022 (WiSE-FT): the numbers between a
network and its further trained self often see better than either, on what is old and on what is new.
"""

from collections.abc import Mapping

import torch
from msgspec.structs import replace

from models.training.checkpoint import Checkpoint
from models.training.errors import CheckpointRefused

__all__ = ["blended"]


def blended(first: Checkpoint, second: Checkpoint, share: float) -> Checkpoint:
    """Return a checkpoint between two; its recipe is the second's.

    It holds the calmer numbers only: another training may begin from it, none can be gone on with.

    Args:
        first: where the further training began.
        second: where it ended.
        share: of the second, 0..1.

    Raises:
        CheckpointRefused: they are networks of different shapes or classes.
    """
    if first.recipe.classes != second.recipe.classes:
        raise CheckpointRefused(
            f"checkpoints of classes {', '.join(first.recipe.classes)} and "
            f"{', '.join(second.recipe.classes)}: expected the same in the same order; blend a network "
            "with what was trained --from it"
        )
    shapes = [{name: value.shape for name, value in one.average.items()} for one in (first, second)]
    if shapes[0] != shapes[1]:
        raise CheckpointRefused(
            f"checkpoints of {first.recipe.arch} and {second.recipe.arch}: their layers differ; blend a "
            "network with what was trained --from it"
        )
    return replace(
        second,
        net={},
        optimiser={},
        average=_between(first.average, second.average, share),
    )


def _between(
    first: Mapping[str, torch.Tensor], second: Mapping[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    made = {}
    for name, value in second.items():
        # counters of batches are no numbers to be between
        if value.dtype.is_floating_point:
            made[name] = torch.lerp(first[name].float(), value.float(), share)
        else:
            made[name] = value.clone()
    return made
