"""The project's own detector: small, anchor-free, one head per stride, in plain torch.

A backbone of cross-stage-partial blocks, a feature pyramid that goes down and up again, and a head
that keeps classes and boxes apart. Sources: C.-Y. Wang et al., CSPNet, 2020; S. Liu et al., PANet,
2018; Z. Ge et al., YOLOX, 2021 (its nano form: depthwise convolutions, a quarter of the width). Written
from these papers; no code of theirs is in it.

The network answers in the layout ``yolox`` of :mod:`edge.vision.output_layouts`.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

__all__ = ["STRIDES", "StreetNet", "parameter_count"]

STRIDES = (8, 16, 32)
"""Pixels of the input for each cell of the three grids."""

_PRIOR = 0.01
"""Share of cells that are expected to hold something. Source: T.-Y. Lin et al., Focal Loss, 2017, §4.1."""


class _Conv(nn.Module):
    """Convolution, batch normalisation, SiLU."""

    def __init__(self, given: int, made: int, size: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            given, made, size, stride, padding=size // 2, groups=groups, bias=False
        )
        self.norm = nn.BatchNorm2d(made, eps=1e-3, momentum=0.03)
        self.act = nn.SiLU(inplace=True)

        self.striding = groups > 1 and stride > 1

    def forward(self, x: Tensor) -> Tensor:
        if self.striding and torch.is_autocast_cpu_enabled():
            # the way back through these takes five times as long in bf16: measured, oneDNN of torch 2.14
            with torch.autocast("cpu", enabled=False):
                x = self.conv(x.float())
        else:
            x = self.conv(x)
        return self.act(self.norm(x))


def _apart(given: int, made: int, stride: int) -> nn.Module:
    """Return a 3 x 3 convolution taken apart: depthwise 3 x 3, then 1 x 1."""
    return nn.Sequential(_Conv(given, given, 3, stride, groups=given), _Conv(given, made, 1))


def _whole(given: int, made: int, stride: int) -> nn.Module:
    """Return a plain 3 x 3 convolution."""
    return _Conv(given, made, 3, stride)


Spatial = Callable[[int, int, int], nn.Module]


class _Bottleneck(nn.Module):
    def __init__(self, channels: int, spatial: Spatial, *, shortcut: bool) -> None:
        super().__init__()
        self.narrow = _Conv(channels, channels, 1)
        self.look = spatial(channels, channels, 1)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        made = self.look(self.narrow(x))
        return x + made if self.shortcut else made


class _Stage(nn.Module):
    """Half of the channels go through bottlenecks, half past them."""

    def __init__(
        self, given: int, made: int, depth: int, spatial: Spatial, *, shortcut: bool
    ) -> None:
        super().__init__()
        half = made // 2
        self.through = _Conv(given, half, 1)
        self.past = _Conv(given, half, 1)
        self.blocks = nn.Sequential(
            *(_Bottleneck(half, spatial, shortcut=shortcut) for _ in range(depth))
        )
        self.join = _Conv(2 * half, made, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.join(torch.cat((self.blocks(self.through(x)), self.past(x)), dim=1))


class _Pool(nn.Module):
    """The same features seen at four sizes. Source: K. He et al., SPP, 2014; three poolings in a row."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.narrow = _Conv(channels, half, 1)
        self.pool = nn.MaxPool2d(5, stride=1, padding=2)
        self.join = _Conv(4 * half, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        seen = [self.narrow(x)]
        for _ in range(3):
            seen.append(self.pool(seen[-1]))
        return self.join(torch.cat(seen, dim=1))


class _Head(nn.Module):
    """Classes on one way, boxes and objectness on another."""

    def __init__(self, given: int, channels: int, classes: int, spatial: Spatial) -> None:
        super().__init__()
        self.stem = _Conv(given, channels, 1)
        self.class_way = nn.Sequential(
            spatial(channels, channels, 1), spatial(channels, channels, 1)
        )
        self.box_way = nn.Sequential(spatial(channels, channels, 1), spatial(channels, channels, 1))
        self.kinds = nn.Conv2d(channels, classes, 1)
        self.box = nn.Conv2d(channels, 4, 1)
        self.presence = nn.Conv2d(channels, 1, 1)
        for layer in (self.kinds, self.presence):
            nn.init.constant_(layer.bias, -math.log((1.0 - _PRIOR) / _PRIOR))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        boxes = self.box_way(x)
        made = torch.cat(
            (self.box(boxes), self.presence(boxes), self.kinds(self.class_way(x))), dim=1
        )
        return made.flatten(2).transpose(1, 2)


class StreetNet(nn.Module):
    """The detector.

    Args:
        classes: how many kinds of things it tells apart.
        widths: channels at strides 2, 4, 8, 16 and 32.
        depths: blocks at strides 4, 8, 16 and 32.
        head: channels of the heads.
        apart: whether 3 x 3 convolutions are taken apart.
    """

    def __init__(
        self,
        classes: int,
        *,
        widths: Sequence[int] = (16, 32, 64, 128, 256),
        depths: Sequence[int] = (1, 3, 3, 1),
        head: int = 64,
        apart: bool = True,
    ) -> None:
        super().__init__()
        spatial = _apart if apart else _whole
        self.classes = classes
        first, *later = widths
        self.stem = _Conv(3, first, 3, 2)
        stages: list[nn.Module] = []
        given = first
        for number, (made, depth) in enumerate(zip(later, depths, strict=True)):
            last = number == len(later) - 1
            stages.append(
                nn.Sequential(
                    spatial(given, made, 2),
                    *([_Pool(made)] if last else []),
                    _Stage(made, made, depth, spatial, shortcut=not last),
                )
            )
            given = made
        self.stages = nn.ModuleList(stages)
        small, middle, large = later[1:]
        self.up = nn.Upsample(scale_factor=2, mode="nearest")
        self.narrow_large = _Conv(large, middle, 1)
        self.mix_middle = _Stage(2 * middle, middle, 1, spatial, shortcut=False)
        self.narrow_middle = _Conv(middle, small, 1)
        self.mix_small = _Stage(2 * small, small, 1, spatial, shortcut=False)
        self.down_small = spatial(small, small, 2)
        self.join_middle = _Stage(2 * small, middle, 1, spatial, shortcut=False)
        self.down_middle = spatial(middle, middle, 2)
        self.join_large = _Stage(2 * middle, large, 1, spatial, shortcut=False)
        self.heads = nn.ModuleList(
            _Head(made, head, classes, spatial) for made in (small, middle, large)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return raw answers float (b, N, 5 + classes): box, objectness and classes as logits.

        Args:
            x: float (b, 3, h, w), blue, green, red, 0..1; h and w multiples of 32.
        """
        x = self.stem(x)
        seen = []
        for stage in self.stages:
            x = stage(x)
            seen.append(x)
        _, small, middle, large = seen
        top = self.narrow_large(large)
        middle = self.narrow_middle(self.mix_middle(torch.cat((self.up(top), middle), dim=1)))
        near = self.mix_small(torch.cat((self.up(middle), small), dim=1))
        mid = self.join_middle(torch.cat((self.down_small(near), middle), dim=1))
        far = self.join_large(torch.cat((self.down_middle(mid), top), dim=1))
        return torch.cat(
            [head(one) for head, one in zip(self.heads, (near, mid, far), strict=True)], dim=1
        )


def parameter_count(net: nn.Module) -> int:
    """Return how many numbers a network learns."""
    return sum(one.numel() for one in net.parameters())
