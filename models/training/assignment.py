"""Which cells answer for which thing while a network learns.

Source: Z. Ge et al., OTA, 2021 and YOLOX, 2021 (SimOTA): of the cells near a thing's middle, those that
already see it best answer for it; how many they are follows from how well they see it.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from models.training.cells import overlaps

__all__ = ["Assigned", "assign"]

_REACH_CELLS = 2.5
"""How far from its middle a thing may be answered for, in cells. Source: YOLOX, §2."""
_CANDIDATES = 10
"""Best overlaps whose sum says how many cells answer. Source: the same."""
_OVERLAP_WEIGHT = 3.0
_OUTSIDE = 1e5


class Assigned(NamedTuple):
    """Cells that answer, and for what.

    Attributes:
        cells: int64 (k,), numbers of cells.
        things: int64 (k,), for each of them the number of its thing.
        overlaps: float (k,), how well each sees it now, 0..1.
    """

    cells: Tensor
    things: Tensor
    overlaps: Tensor


@torch.no_grad()
def assign(
    boxes: Tensor,
    scores: Tensor,
    wanted: Tensor,
    kinds: Tensor,
    corners: Tensor,
    strides: Tensor,
) -> Assigned:
    """Return which cells answer for the things of one picture.

    Args:
        boxes: what the cells say now, float (N, 4), pixels.
        scores: of the classes, float (N, c), 0..1, presence already multiplied in.
        wanted: boxes of the things, float (g, 4), pixels.
        kinds: their classes, int64 (g,).
        corners: of the cells, float (N, 2), cells.
        strides: float (N,), pixels.
    """
    if len(wanted) == 0:
        nothing = torch.empty(0, dtype=torch.int64, device=boxes.device)
        return Assigned(nothing, nothing, torch.empty(0, device=boxes.device))
    middles = (corners + 0.5) * strides[:, None]
    inside = _inside(middles, wanted)
    near = _near(middles, strides, wanted)
    usable = (inside | near).any(dim=0).nonzero().flatten()
    seen = overlaps(wanted, boxes[usable])
    likely = scores[usable].clamp(1e-6, 1.0 - 1e-6).sqrt()
    truth = torch.nn.functional.one_hot(kinds, scores.shape[1]).float()
    wrong = binary_cross_entropy(
        likely[None].expand(len(wanted), -1, -1),
        truth[:, None].expand(-1, len(usable), -1),
        reduction="none",
    ).sum(dim=-1)
    cost = wrong - _OVERLAP_WEIGHT * (seen + 1e-8).log()
    cost = cost + _OUTSIDE * ~(inside & near)[:, usable]
    return _cheapest(cost, seen, usable)


def _inside(middles: Tensor, wanted: Tensor) -> Tensor:
    """Return bool (g, N): whether a cell's middle lies in a thing's box."""
    return ((middles[None] > wanted[:, None, :2]) & (middles[None] < wanted[:, None, 2:])).all(-1)


def _near(middles: Tensor, strides: Tensor, wanted: Tensor) -> Tensor:
    """Return bool (g, N): whether a cell's middle is near a thing's middle."""
    centres = (wanted[:, :2] + wanted[:, 2:]) / 2.0
    away = (middles[None] - centres[:, None]).abs().amax(dim=-1)
    return away < _REACH_CELLS * strides[None]


def _cheapest(cost: Tensor, seen: Tensor, usable: Tensor) -> Assigned:
    """Return each thing's cheapest cells; a cell that two things want goes to the cheaper."""
    many = min(_CANDIDATES, seen.shape[1])
    counts = seen.topk(many, dim=1).values.sum(dim=1).int().clamp(min=1)
    order = cost.topk(int(counts.max()), dim=1, largest=False).indices
    rank = torch.arange(order.shape[1], device=cost.device)
    taken = torch.zeros_like(cost, dtype=torch.bool)
    taken.scatter_(1, order, rank[None] < counts[:, None])
    contested = taken.sum(dim=0) > 1
    if contested.any():
        cheapest = cost[:, contested].argmin(dim=0)
        taken[:, contested] = False
        taken[cheapest, contested.nonzero().flatten()] = True
    chosen = taken.any(dim=0).nonzero().flatten()
    things = taken[:, chosen].int().argmax(dim=0)
    return Assigned(usable[chosen], things, seen[things, chosen])
