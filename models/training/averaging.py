"""A slowly moving mean of a network's numbers: calmer and usually better than the last ones."""

import copy
import math

import torch
from torch import nn

__all__ = ["Average"]


class Average:
    """Follows a network.

    Source: A. Tarvainen, H. Valpola, Mean teachers, 2017; early on it follows faster.

    Args:
        net: what is followed.
        decay: share of the mean that is kept at each step, once warm.
        warm_steps: steps over which the share rises.
    """

    def __init__(self, net: nn.Module, *, decay: float = 0.999, warm_steps: int = 500) -> None:
        self.net = copy.deepcopy(net).eval()
        for one in self.net.parameters():
            one.requires_grad_(False)
        self.steps = 0
        self._decay, self._warm = decay, warm_steps

    @torch.no_grad()
    def follow(self, net: nn.Module) -> None:
        """Move the mean towards the network's numbers."""
        self.steps += 1
        keep = self._decay * (1.0 - math.exp(-self.steps / self._warm))
        theirs = net.state_dict()
        for name, mean in self.net.state_dict().items():
            if mean.dtype.is_floating_point:
                mean.lerp_(theirs[name].to(mean.dtype), 1.0 - keep)
            else:
                mean.copy_(theirs[name])
