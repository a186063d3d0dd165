"""A trained network as an ONNX file that a box reads: layout ``yolox``, names and origin inside."""

import copy
from pathlib import Path
from typing import Any

import onnx
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from models.training.network import StreetNet
from models.training.recipe import Recipe

__all__ = ["OPSET", "export_network"]

OPSET = 18
"""Version of the operators: quantisation needs 17 at least; runtimes of 2023 on read it."""


class _Answering(nn.Module):
    """The network as it is exported: 0..255 in, presence and classes as 0..1 out."""

    def __init__(self, net: StreetNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        raw = self.net(images)
        return torch.cat((raw[..., :4], raw[..., 4:].sigmoid()), dim=-1)


def export_network(net: nn.Module, recipe: Recipe, path: Path, *, licence: str) -> None:
    """Write a network as ONNX.

    Args:
        net: a :class:`StreetNet` that has learned; it is not changed.
        recipe: how it was trained; its facts go into the file.
        path: the ``.onnx`` file.
        licence: of the weights, an SPDX identifier.
    """
    assert isinstance(net, StreetNet)
    plain = copy.deepcopy(net).cpu().eval().float()
    for module in list(plain.modules()):
        if hasattr(module, "conv") and hasattr(module, "norm"):
            module.conv = fuse_conv_bn_eval(module.conv, module.norm)
            module.norm = nn.Identity()
    with torch.no_grad():
        # boxes hand over 0..255: the division is folded into the first layer
        plain.stem.conv.weight.mul_(1.0 / 255.0)
    blank = torch.zeros(1, 3, recipe.input_height, recipe.input_width)
    program = torch.onnx.export(
        _Answering(plain.to(memory_format=torch.contiguous_format)).eval(),
        (blank,),
        input_names=["images"],
        output_names=["output"],
        opset_version=OPSET,
        dynamo=True,
        optimize=True,
        verbose=False,
    )
    model = program.model_proto
    _forget_origin(model)
    facts = {
        "task": "detect",
        "layout": "yolox",
        "names": repr(dict(enumerate(recipe.classes))),
        "input": f"1x3x{recipe.input_height}x{recipe.input_width} BGR 0..255, upper left, grey 114",
        "arch": recipe.arch,
        "dataset": f"{recipe.data}@{recipe.data_version}",
        "licence": licence,
        "producer": "cityloop models train",
    }
    onnx.helper.set_model_props(model, facts)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _forget_origin(model: onnx.ModelProto) -> None:
    """Remove what the exporter notes of source files: paths of this machine, half the file's size."""
    graph = model.graph
    owners: list[Any] = [model, graph, *graph.node, *graph.value_info, *graph.initializer]
    owners += [*graph.input, *graph.output]
    for owner in owners:
        owner.doc_string = ""
        del owner.metadata_props[:]
