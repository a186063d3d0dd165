"""Behaviours of the parts that need torch; run by ``test_torch_parts.py`` in the training environment.

Each function asserts one behaviour. The test environment has no torch, the training environment no pytest.
"""

import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from msgspec.structs import replace

from edge.vision.output_layouts import Grid, Layout, read_boxes
from models.datasets.picture import Box, Picture
from models.datasets.store import DatasetStore
from models.training.architectures import ARCHITECTURES, Family
from models.training.assignment import assign
from models.training.averaging import Average
from models.training.blending import blended
from models.training.cells import boxes_of, cells_of, overlaps, paired_overlaps
from models.training.checkpoint import (
    Checkpoint,
    build_network,
    load_checkpoint,
    save_checkpoint,
    slimmed,
    take_over,
)
from models.training.errors import CheckpointRefused, RecipeRefused
from models.training.export import export_network
from models.training.feed import Pictures
from models.training.loss import Target, losses_of
from models.training.network import parameter_count
from models.training.place import find_place
from models.training.recipe import Recipe

RECIPE = Recipe(
    arch="street-thin",
    data="street",
    data_version="0" * 16,
    classes=("person", "car", "smoke"),
    imgsz=64,
    input_width=96,
    input_height=64,
)


def sizes_are_as_the_list_says() -> None:
    """Parameters of the own networks are those that the summaries tell."""
    for name, arch in ARCHITECTURES.items():
        if arch.family is Family.OWN:
            count = parameter_count(build_network(replace(RECIPE, arch=name)))
            told = float(arch.summary.split()[0])
            assert abs(count / 1e6 - told) < 0.06, (name, count)


def equal_seeds_begin_equally() -> None:
    """A recipe's fresh numbers depend on its seed alone."""
    one, again = build_network(RECIPE), build_network(RECIPE)
    other = build_network(replace(RECIPE, seed=2))
    name = "stem.conv.weight"
    assert torch.equal(one.state_dict()[name], again.state_dict()[name])
    assert not torch.equal(one.state_dict()[name], other.state_dict()[name])


def answers_fit_the_boxes_grid() -> None:
    """A network has an answer for each cell that the box's reader expects, in its order."""
    net = build_network(RECIPE).eval()
    corners, strides = cells_of(64, 96, torch.device("cpu"))
    grid = Grid(64, 96)
    assert net(torch.zeros(2, 3, 64, 96)).shape == (2, len(grid), 5 + 3)
    assert np.array_equal(corners.numpy(), grid.cells)
    assert np.array_equal(strides.numpy(), grid.strides[:, 0])


def boxes_are_decoded_as_on_the_box() -> None:
    """What the loss sees as a box is what the box makes of the same answer."""
    torch.manual_seed(1)
    raw = torch.rand(1, len(Grid(64, 96)), 8)
    corners, strides = cells_of(64, 96, torch.device("cpu"))
    read = read_boxes(Layout.YOLOX, raw.numpy(), Grid(64, 96), 0.0)
    assert np.allclose(boxes_of(raw[0, :, :4], corners, strides).numpy(), read.xyxy, atol=1e-3)


def overlaps_are_right() -> None:
    """Halves overlap by a third; what does not touch has none, and a negative generalised one."""
    one = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    other = torch.tensor([[1.0, 0.0, 3.0, 2.0], [4.0, 0.0, 6.0, 2.0]])
    assert torch.allclose(overlaps(one, other), torch.tensor([[1 / 3, 0.0]]))
    assert torch.allclose(
        paired_overlaps(one.expand(2, 4), other), torch.tensor([1 / 3, -2.0 / 6.0])
    )


def near_cells_answer() -> None:
    """Cells that answer for a thing lie at its middle, and none answers for two."""
    corners, strides = cells_of(64, 96, torch.device("cpu"))
    wanted = torch.tensor([[10.0, 10.0, 30.0, 30.0], [24.0, 24.0, 60.0, 60.0]])
    raw = torch.zeros(len(corners), 4)
    given = assign(
        boxes_of(raw, corners, strides),
        torch.full((len(corners), 3), 0.1),
        wanted,
        torch.tensor([0, 1]),
        corners,
        strides,
    )
    assert set(given.things.tolist()) == {0, 1}
    assert len(set(given.cells.tolist())) == len(given.cells)
    middles = ((corners + 0.5) * strides[:, None])[given.cells]
    centres = ((wanted[:, :2] + wanted[:, 2:]) / 2)[given.things]
    away = (middles - centres).abs().amax(dim=1)
    assert bool((away < 2.5 * strides[given.cells]).all())


def nothing_is_answered_for_nothing() -> None:
    """Pictures of nothing have a loss: what is said to be there is wrong."""
    raw = torch.zeros(2, len(Grid(64, 96)), 8, requires_grad=True)
    empty = Target(torch.empty(0, 4), torch.empty(0, dtype=torch.int64))
    losses = losses_of(raw, [empty, empty], 64, 96)
    losses.total.backward()
    assert float(losses.box) == float(losses.kind) == 0.0
    assert raw.grad is not None
    assert bool((raw.grad[..., 4] > 0).all())


def the_loss_falls_on_one_picture() -> None:
    """Thirty steps on one picture make its loss less than half."""
    net = build_network(RECIPE).train()
    steps = torch.optim.AdamW(net.parameters(), lr=0.003)
    torch.manual_seed(3)
    picture = torch.rand(2, 3, 64, 96)
    target = Target(torch.tensor([[10.0, 12.0, 40.0, 50.0]]), torch.tensor([1]))
    seen = []
    for _ in range(30):
        losses = losses_of(net(picture), [target, target], 64, 96)
        steps.zero_grad()
        losses.total.backward()
        steps.step()
        seen.append(float(losses.total.detach()))
    assert seen[-1] < 0.5 * seen[0], (seen[0], seen[-1])


def the_average_follows() -> None:
    """The mean comes to where the network stays."""
    net = build_network(RECIPE)
    mean = Average(net, decay=0.5, warm_steps=1)
    with torch.no_grad():
        net.stem.conv.weight.fill_(3.0)
    for _ in range(30):
        mean.follow(net)
    assert torch.allclose(mean.net.state_dict()["stem.conv.weight"], torch.tensor(3.0), atol=1e-4)


def an_export_answers_as_the_network() -> None:
    """The ONNX file takes 0..255 and says what the network says of 0..1, decided scores 0..1."""
    net = build_network(RECIPE)
    torch.manual_seed(2)
    for _ in range(3):
        net.train()(torch.rand(4, 3, 64, 96))
    net.eval()
    path = Path(tempfile.mkdtemp()) / "model.onnx"
    export_network(net, RECIPE, path, licence="Apache-2.0")
    picture = torch.randint(0, 256, (1, 3, 64, 96)).float()
    with torch.no_grad():
        raw = net(picture / 255.0)
    session = onnxruntime.InferenceSession(str(path))
    answer = session.run(None, {"images": picture.numpy()})[0]
    assert np.allclose(raw[..., :4].numpy(), answer[..., :4], atol=2e-4)
    assert np.allclose(raw[..., 4:].sigmoid().numpy(), answer[..., 4:], atol=2e-4)
    facts = session.get_modelmeta().custom_metadata_map
    assert facts["names"] == "{0: 'person', 1: 'car', 2: 'smoke'}"
    assert facts["licence"] == "Apache-2.0"
    # nothing of the machine that made it
    for word in (str(Path(__file__).parents[3]), ".py", tempfile.gettempdir()):
        assert word.encode() not in path.read_bytes(), word


def other_classes_begin_from_a_checkpoint() -> None:
    """A checkpoint of three classes begins a network of five: only class layers stay fresh."""
    net = build_network(RECIPE)
    path = Path(tempfile.mkdtemp()) / "last.pt"
    save_checkpoint(path, _checkpoint(net.state_dict()))
    other = build_network(replace(RECIPE, classes=("a", "b", "c", "d", "e"), seed=9))
    fresh = take_over(other, load_checkpoint(path))
    assert sorted({name.split(".")[2] for name in fresh}) == ["kinds"], fresh
    assert torch.equal(net.state_dict()["stem.conv.weight"], other.state_dict()["stem.conv.weight"])


def a_slim_checkpoint_begins_as_well() -> None:
    """What begins another training is much smaller, and nearly what it was."""
    net = build_network(RECIPE)
    folder = Path(tempfile.mkdtemp())
    full = _checkpoint(net.state_dict())
    save_checkpoint(folder / "last.pt", full)
    save_checkpoint(folder / "weights.pt", slimmed(full))
    sizes = [(folder / name).stat().st_size for name in ("weights.pt", "last.pt")]
    assert sizes[0] < 0.6 * sizes[1], sizes
    other = build_network(replace(RECIPE, seed=9))
    assert take_over(other, load_checkpoint(folder / "weights.pt")) == []
    for name, value in net.state_dict().items():
        assert torch.allclose(value, other.state_dict()[name], atol=1e-3), name


def a_blend_lies_between() -> None:
    """Its ends are the two networks, its middle their mean; another network's checkpoint is refused."""
    first, second = (
        _checkpoint(build_network(replace(RECIPE, seed=seed)).state_dict()) for seed in (1, 2)
    )
    for share in (0.0, 0.25, 1.0):
        made = blended(first, second, share)
        for name, value in made.average.items():
            mean = (1.0 - share) * first.average[name] + share * second.average[name]
            assert torch.allclose(value.double(), mean.double(), atol=1e-6), name
    other = replace(RECIPE, arch="street-nano")
    foreign = _checkpoint(build_network(other).state_dict())
    _raises(CheckpointRefused, partial(blended, first, foreign, 0.5))
    renamed = replace(second, recipe=replace(RECIPE, classes=tuple(reversed(RECIPE.classes))))
    _raises(CheckpointRefused, partial(blended, first, renamed, 0.5))


def another_network_is_refused() -> None:
    """A checkpoint of another architecture does not begin this one."""
    path = Path(tempfile.mkdtemp()) / "last.pt"
    save_checkpoint(path, _checkpoint(build_network(RECIPE).state_dict()))
    _raises(
        CheckpointRefused,
        lambda: take_over(
            build_network(replace(RECIPE, arch="street-nano")), load_checkpoint(path)
        ),
    )


def a_file_that_is_no_checkpoint_is_refused() -> None:
    """Absent, empty and foreign files are refused with a word."""
    folder = Path(tempfile.mkdtemp())
    (folder / "empty.pt").touch()
    (folder / "text.pt").write_text("no checkpoint", encoding="ascii")
    torch.save({"weights": torch.zeros(3)}, folder / "foreign.pt")
    for name in ("absent.pt", "empty.pt", "text.pt", "foreign.pt"):
        _raises(CheckpointRefused, partial(load_checkpoint, folder / name))


def a_device_that_is_not_there_is_refused() -> None:
    """Cuda without cuda says what to do; auto takes what there is."""
    assert find_place("auto", "fp32").numbers is torch.float32
    if not torch.cuda.is_available():
        _raises(RecipeRefused, lambda: find_place("cuda", "auto"))
    _raises(RecipeRefused, lambda: find_place("toaster", "auto"))


def rare_kinds_come_more_often() -> None:
    """A kind in a sixteenth of the pictures comes twice as often where a quarter would be enough."""
    store = DatasetStore(Path(tempfile.mkdtemp()))
    pictures = [
        Picture(
            sha256=f"{number:064x}",
            suffix=".jpg",
            width=96,
            height=64,
            camera="c",
            scene="c",
            boxes=tuple(
                Box(label=label, xyxy=(1.0, 1.0, 20.0, 20.0))
                for label in (("person", "smoke") if number == 0 else ("person",))
            ),
        )
        for number in range(16)
    ]
    store.save("street", pictures, RECIPE.classes, made_by="a test")
    fed = Pictures(store.load("street"), pictures)
    assert fed.repeats(0.25).tolist() == [2.0] + 15 * [1.0]
    assert fed.repeats(0.0).tolist() == 16 * [1.0]


def striding_layers_learn_alike_in_few_bits() -> None:
    """In bf16 the layers that stay in fp32 give what they gave, within bf16's 8 bits."""
    net = build_network(replace(RECIPE, arch="street-nano")).eval()
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(4))
    with torch.no_grad():
        whole = net(picture)
        with torch.autocast("cpu", torch.bfloat16):
            few = net(picture).float()
    assert float((whole - few).abs().max()) < 0.05, float((whole - few).abs().max())


def _checkpoint(numbers: dict[str, torch.Tensor]) -> Checkpoint:
    return Checkpoint(
        recipe=RECIPE, epoch=1, net=numbers, average=numbers, average_steps=1, optimiser={}
    )


def _raises(kind: type[Exception], act: Callable[[], object]) -> None:
    try:
        act()
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was not raised")


BEHAVIOURS: dict[str, Callable[[], None]] = {
    act.__name__: act
    for act in (
        sizes_are_as_the_list_says,
        equal_seeds_begin_equally,
        answers_fit_the_boxes_grid,
        boxes_are_decoded_as_on_the_box,
        overlaps_are_right,
        near_cells_answer,
        nothing_is_answered_for_nothing,
        the_loss_falls_on_one_picture,
        the_average_follows,
        an_export_answers_as_the_network,
        other_classes_begin_from_a_checkpoint,
        a_slim_checkpoint_begins_as_well,
        a_blend_lies_between,
        another_network_is_refused,
        a_file_that_is_no_checkpoint_is_refused,
        a_device_that_is_not_there_is_refused,
        rare_kinds_come_more_often,
        striding_layers_learn_alike_in_few_bits,
    )
}


def main() -> None:
    """Write what each behaviour said as one JSON object: empty where it holds."""
    torch.set_num_threads(1)
    said = {}
    for name, act in BEHAVIOURS.items():
        try:
            act()
        except Exception:  # noqa: BLE001 - a test's failure is told, whatever it is
            said[name] = traceback.format_exc()
        else:
            said[name] = ""
    sys.stdout.write("\n" + json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
