"""How wrong a network's answers are."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot

from models.training.assignment import assign
from models.training.cells import boxes_of, cells_of, paired_overlaps

__all__ = ["Losses", "Target", "losses_of"]

_BOX_WEIGHT = 5.0
"""Weight of the boxes beside presence and classes. Source: YOLOX, §2."""


class Target(NamedTuple):
    """What is in one picture: boxes float (g, 4), pixels of the input; classes int64 (g,)."""

    boxes: Tensor
    kinds: Tensor


class Losses(NamedTuple):
    """Parts of the loss, each a scalar per thing; ``total`` is what is minimised."""

    total: Tensor
    box: Tensor
    presence: Tensor
    kind: Tensor


def losses_of(raw: Tensor, targets: Sequence[Target], height: int, width: int) -> Losses:
    """Return how wrong answers are.

    Args:
        raw: float (b, N, 5 + c), as the network gives them.
        targets: what is in each of the b pictures.
        height: rows of the input.
        width: its columns.
    """
    raw = raw.float()
    corners, strides = cells_of(height, width, raw.device)
    boxes = boxes_of(raw[..., :4], corners, strides)
    presence = torch.zeros_like(raw[..., 4])
    scores = raw[..., 5:].detach().sigmoid() * raw[..., 4:5].detach().sigmoid()
    box_loss = raw.new_zeros(())
    kind_loss = raw.new_zeros(())
    answering = 0
    for number, target in enumerate(targets):
        given = assign(
            boxes[number].detach(), scores[number], target.boxes, target.kinds, corners, strides
        )
        if len(given.cells) == 0:
            continue
        answering += len(given.cells)
        presence[number, given.cells] = 1.0
        seen = paired_overlaps(boxes[number, given.cells], target.boxes[given.things])
        box_loss = box_loss + (1.0 - seen).sum()
        # a class is as sure as its box is good: scores then rank well
        wanted = one_hot(target.kinds[given.things], raw.shape[2] - 5) * given.overlaps[:, None]
        kind_loss = kind_loss + binary_cross_entropy_with_logits(
            raw[number, given.cells, 5:], wanted, reduction="sum"
        )
    share = float(max(answering, 1))
    presence_loss = binary_cross_entropy_with_logits(raw[..., 4], presence, reduction="sum") / share
    box_loss, kind_loss = box_loss / share, kind_loss / share
    total = _BOX_WEIGHT * box_loss + presence_loss + kind_loss
    return Losses(total, box_loss.detach(), presence_loss.detach(), kind_loss.detach())
