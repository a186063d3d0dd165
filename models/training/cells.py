"""Cells of the three grids, and the boxes that a network's raw answers mean."""

import torch
from torch import Tensor

from models.training.network import STRIDES

__all__ = ["boxes_of", "cells_of", "overlaps", "paired_overlaps"]

_LARGEST_LOG = 6.0
"""exp(6) cells are more than any picture has: a young network cannot overflow."""


def cells_of(height: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return the cells' upper left corners in cells, float (N, 2), and their strides, float (N,)."""
    corners, strides = [], []
    for stride in STRIDES:
        rows = torch.arange(height // stride, device=device)
        columns = torch.arange(width // stride, device=device)
        y, x = torch.meshgrid(rows, columns, indexing="ij")
        corners.append(torch.stack((x.flatten(), y.flatten()), dim=1).float())
        strides.append(torch.full((x.numel(),), float(stride), device=device))
    return torch.cat(corners), torch.cat(strides)


def boxes_of(raw: Tensor, corners: Tensor, strides: Tensor) -> Tensor:
    """Return boxes float (..., N, 4), left, top, right, bottom in pixels of the input.

    Args:
        raw: float (..., N, 4): centre within the cell, logarithm of the size, in cells.
        corners: of the cells, float (N, 2).
        strides: float (N,).
    """
    centre = (raw[..., :2] + corners) * strides[:, None]
    half = raw[..., 2:4].clamp(max=_LARGEST_LOG).exp() * strides[:, None] / 2.0
    return torch.cat((centre - half, centre + half), dim=-1)


def overlaps(one: Tensor, other: Tensor) -> Tensor:
    """Return intersection over union of all pairs: float (n, 4) and (m, 4) give (n, m), 0..1."""
    low = torch.maximum(one[:, None, :2], other[None, :, :2])
    high = torch.minimum(one[:, None, 2:], other[None, :, 2:])
    common = (high - low).clamp(min=0.0).prod(dim=-1)
    return common / (_areas(one)[:, None] + _areas(other)[None] - common).clamp(min=1e-6)


def paired_overlaps(one: Tensor, other: Tensor) -> Tensor:
    """Return the generalised overlap of each pair of rows: float (n, 4) twice give (n,), -1..1.

    Source: H. Rezatofighi et al., Generalized Intersection over Union, 2019: boxes that do not touch
    still have a gradient.
    """
    low = torch.maximum(one[:, :2], other[:, :2])
    high = torch.minimum(one[:, 2:], other[:, 2:])
    common = (high - low).clamp(min=0.0).prod(dim=-1)
    union = (_areas(one) + _areas(other) - common).clamp(min=1e-6)
    around = (
        torch.maximum(one[:, 2:], other[:, 2:]) - torch.minimum(one[:, :2], other[:, :2])
    ).prod(dim=-1)
    return common / union - (around - union) / around.clamp(min=1e-6)


def _areas(boxes: Tensor) -> Tensor:
    return (boxes[..., 2:] - boxes[..., :2]).clamp(min=0.0).prod(dim=-1)
