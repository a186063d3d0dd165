"""The gate: what a model must reach, written down beforehand, and whether it does."""

from collections.abc import Callable, Iterator
from typing import Annotated

from msgspec import Meta, Struct

from models.judging.comparison import Comparison
from models.judging.report import ClassFigures, Report, SceneFigures

__all__ = ["ClassGate", "GateConfig", "SceneGate", "Shortfall", "shortfalls"]

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Positive = Annotated[float, Meta(gt=0.0)]


class ClassGate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one class must reach."""

    min_ap50: Share | None = None
    """Least average precision at an overlap of 0.5. Default: not asked."""
    min_ap50_95: Share | None = None
    """Least average precision over overlaps from 0.5 to 0.95. Default: not asked."""
    min_recall: Share | None = None
    """Least share of labelled things found. Default: not asked."""
    min_precision: Share | None = None
    """Least share of found boxes that are right. Default: not asked."""


class SceneGate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a scene (a tag of pictures, or ``small`` or ``occluded``) must reach."""

    min_map50: Share | None = None
    """Least mAP at an overlap of 0.5. Default: not asked."""
    max_fp_share: Share | None = None
    """Greatest share of found boxes that are wrong. Default: not asked."""
    max_fn_share: Share | None = None
    """Greatest share of labelled things that are missed. Default: not asked."""


class GateConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a model must reach to be let through; what is not asked is not checked."""

    min_map50: Share | None = None
    """Least mAP at an overlap of 0.5. Default: not asked."""
    min_map50_95: Share | None = None
    """Least mAP over overlaps from 0.5 to 0.95. Default: not asked."""
    max_fp_share: Share | None = None
    """Greatest share of found boxes that are wrong. Default: not asked."""
    max_fn_share: Share | None = None
    """Greatest share of labelled things that are missed. Default: not asked."""
    max_fp_per_picture: Positive | None = None
    """Greatest number of wrong boxes in a picture, on average. Default: not asked."""
    max_ece: Share | None = None
    """Greatest expected calibration error. Default: not asked."""
    max_network_ms: Positive | None = None
    """Greatest time of one inference on this machine, milliseconds, median. Default: not asked."""
    max_model_bytes: Annotated[int, Meta(gt=0)] | None = None
    """Greatest size of the file, bytes. Default: not asked."""
    all_classes: bool = False
    """The model must know every class of the labels. Default: false."""
    classes: dict[str, ClassGate] = {}
    """By class. Default: none."""
    scenes: dict[str, SceneGate] = {}
    """By tag or kind. Default: none."""
    max_map50_95_loss: Share | None = None
    """Against the incumbent (`compare`): greatest loss of mAP50-95, even at the lower end of the 95 %
    interval of the difference. Default: not asked."""
    max_class_loss: Share | None = None
    """Against the incumbent: greatest loss of any class's average precision. Default: not asked."""


class Shortfall(Struct, frozen=True, kw_only=True):
    """Something asked that was not reached."""

    what: str
    """The key in the gate file."""
    asked: str
    got: str


def shortfalls(
    gate: GateConfig, report: Report, comparison: Comparison | None = None
) -> tuple[Shortfall, ...]:
    """Return what a model does not reach; empty when it is let through.

    A figure that cannot be had (no labels, no incumbent) does not reach anything.

    Args:
        gate: what is asked.
        report: the model.
        comparison: against the incumbent.
    """
    found = list(_whole(gate, report))
    for name, asked in gate.classes.items():
        told = next((one for one in report.classes if one.name == name), None)
        found += _class(name, asked, told)
    for name, wanted in gate.scenes.items():
        seen = next((one for one in report.scenes if one.name == name), None)
        found += _scene(name, wanted, seen)
    if comparison is None:
        losses = (gate.max_map50_95_loss, gate.max_class_loss)
        if any(loss is not None for loss in losses):
            found.append(
                Shortfall(what="incumbent", asked="a comparison", got="none: use `models compare`")
            )
        return tuple(found)
    return (*found, *_losses(gate, comparison))


def _whole(gate: GateConfig, report: Report) -> Iterator[Shortfall]:
    network = next(stage for stage in report.stages if stage.name == "network")
    yield from _least("min_map50", gate.min_map50, report.map50)
    yield from _least("min_map50_95", gate.min_map50_95, report.map50_95)
    yield from _most("max_fp_share", gate.max_fp_share, report.fp_share)
    yield from _most("max_fn_share", gate.max_fn_share, report.fn_share)
    yield from _most("max_fp_per_picture", gate.max_fp_per_picture, report.fp_per_picture)
    yield from _most("max_ece", gate.max_ece, report.ece)
    yield from _most("max_network_ms", gate.max_network_ms, network.p50_ms)
    yield from _most("max_model_bytes", gate.max_model_bytes, report.model_bytes)
    if gate.all_classes and report.missing_classes:
        missing = ", ".join(report.missing_classes)
        yield Shortfall(what="all_classes", asked="every class", got=f"without {missing}")


def _class(name: str, asked: ClassGate, told: ClassFigures | None) -> Iterator[Shortfall]:
    where = f"classes.{name}"
    yield from _least(f"{where}.min_ap50", asked.min_ap50, getattr(told, "ap50", None))
    yield from _least(f"{where}.min_ap50_95", asked.min_ap50_95, getattr(told, "ap50_95", None))
    yield from _least(f"{where}.min_recall", asked.min_recall, getattr(told, "recall", None))
    yield from _least(
        f"{where}.min_precision", asked.min_precision, getattr(told, "precision", None)
    )


def _scene(name: str, asked: SceneGate, told: SceneFigures | None) -> Iterator[Shortfall]:
    where = f"scenes.{name}"
    yield from _least(f"{where}.min_map50", asked.min_map50, getattr(told, "map50", None))
    yield from _most(f"{where}.max_fp_share", asked.max_fp_share, getattr(told, "fp_share", None))
    yield from _most(f"{where}.max_fn_share", asked.max_fn_share, getattr(told, "fn_share", None))


def _losses(gate: GateConfig, comparison: Comparison) -> Iterator[Shortfall]:
    lost = None if comparison.map50_95 is None else -comparison.map50_95.low
    yield from _most("max_map50_95_loss", gate.max_map50_95_loss, lost)
    for one in comparison.classes:
        if one.candidate is not None and one.incumbent is not None:
            loss = one.incumbent - one.candidate
            yield from _most(f"max_class_loss: {one.name}", gate.max_class_loss, loss)


def _least(what: str, asked: float | None, got: float | None) -> Iterator[Shortfall]:
    yield from _check(what, asked, got, "at least", lambda have, want: have >= want)


def _most(what: str, asked: float | None, got: float | None) -> Iterator[Shortfall]:
    yield from _check(what, asked, got, "at most", lambda have, want: have <= want)


def _check(
    what: str,
    asked: float | None,
    got: float | None,
    word: str,
    reached: Callable[[float, float], bool],
) -> Iterator[Shortfall]:
    if asked is None or (got is not None and reached(got, asked)):
        return
    yield Shortfall(
        what=what, asked=f"{word} {asked:g}", got="unknown" if got is None else f"{got:.4g}"
    )
