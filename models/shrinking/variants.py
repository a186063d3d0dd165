"""Makes variants of a detector and holds each against the original."""

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from msgspec import Struct

from edge.cameras.frame import Frame
from edge.errors import ModelError
from edge.vision.network_runtime import Network, load_network
from models.judging.judged_set import JudgedSet
from models.judging.looking import Candidate, look
from models.judging.scoring import score
from models.shrinking.agreement import Agreement, agreement, seen_by, speed_ratio
from models.shrinking.errors import GraphUnsuited, ShrinkingError
from models.shrinking.graph import open_graph, save_graph, simplify, tool, with_opset
from models.shrinking.pictures import Pictures
from models.shrinking.quantisation import quantise, quantise_with_nncf
from models.shrinking.rectangle import rectangle_for, with_input

__all__ = ["Limits", "Step", "Trial", "Verdict", "shrink"]


class Step(StrEnum):
    """What is done to the original; joined by ``+`` where several are."""

    SLIM = "slim"
    """Constants folded, nodes that do nothing left out."""
    RECT = "rect"
    """An input of the camera's proportions."""
    INT8 = "int8"
    """Eight bits for ONNX Runtime; what turns features into boxes stays in FP32."""
    INT8_PLAIN = "int8-plain"
    """Eight bits everywhere: what other tools do unasked."""
    INT8_NNCF = "int8-nncf"
    """Eight bits for OpenVINO, by NNCF."""
    BF16 = "bf16"
    """The original in OpenVINO, which computes in bfloat16 where the processor can: no new file."""


_OPENVINO = frozenset({Step.BF16, Step.INT8_NNCF})

_ENOUGH = 20
"""Boxes of the original from which on a source must agree by itself: of fewer, one more or less decides."""


class Limits(Struct, frozen=True, kw_only=True):
    """From where on a variant is refused."""

    min_agreement: float = 0.97
    """Least share of matched boxes, of the original's and of the variant's. Source: issue of the model
    life cycle; YOLO11n with its head in FP32 reaches 0.98 (measured.md §6)."""
    max_loss: float = 0.01
    """Greatest loss of mAP50-95 on labelled pictures."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a variant is made from and held against.

    Attributes:
        pictures: frames, by source.
        judged: labelled pictures, or None.
        renamed: class of the labels by class of the model.
        confidence: lowest score (0..1) of boxes that are compared.
        threads: of one inference.
        camera: columns and rows of the fixed camera's picture, for ``rect``.
        keep: regular expressions of nodes that stay in FP32.
        limits: from where on a variant is refused.
    """

    pictures: Sequence[Pictures]
    judged: JudgedSet | None = None
    renamed: dict[str, str] | None = None
    confidence: float = 0.3
    threads: int = 1
    camera: tuple[int, int] | None = None
    keep: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)


class Verdict(Struct, frozen=True, kw_only=True):
    """A variant and whether it may be used."""

    variant: str
    accepted: bool
    reasons: tuple[str, ...]
    """Why not; empty when accepted."""
    file: str
    """Where it was written; empty where it was refused, or is no file of its own."""
    runtime: str
    """What runs it: onnxruntime or openvino."""
    bytes: int
    bytes_before: int
    input_px: tuple[int, int]
    speed: float
    """Times as fast as the original in ONNX Runtime, with the same threads."""
    agreement: tuple[Agreement, ...]
    map50_95_before: float | None
    map50_95: float | None


def shrink(
    path: Path,
    variants: Sequence[str],
    to: Path,
    trial: Trial,
    *,
    progress: Callable[[str], None] = lambda _what: None,
) -> tuple[Verdict, ...]:
    """Return a verdict for each variant; those that are accepted are written.

    Args:
        path: the original, an ``.onnx`` file of a known layout.
        variants: steps, joined by ``+``: ``slim``, ``rect+int8``.
        to: folder for what is accepted; made if missing.
        trial: what they are made from and held against.
        progress: told what is done next.

    Raises:
        ModelError: the original cannot be used.
        ShrinkingError: a variant cannot be made at all.
    """
    original = load_network(path, runtime="onnxruntime", threads=trial.threads)
    seen = [seen_by(original, one.comparison, trial.confidence) for one in trial.pictures]
    before = _map(path, "onnxruntime", trial)
    verdicts = []
    for name in variants:
        progress(name)
        steps = [Step(part) for part in name.split("+")]
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / f"{path.stem}-{name.replace('+', '-')}.onnx"
            runtime = "openvino" if _OPENVINO & set(steps) else "onnxruntime"
            unsuited = _make(path, steps, made, original, trial)
            if unsuited:
                verdict = _unmade(name, path, runtime, original, before, unsuited)
            else:
                verdict = _judge(name, path, made, runtime, original, seen, before, trial)
            if verdict.accepted and steps != [Step.BF16]:
                to.mkdir(parents=True, exist_ok=True)
                (to / made.name).write_bytes(made.read_bytes())
                verdict = _placed(verdict, to / made.name)
        verdicts.append(verdict)
    return tuple(verdicts)


def _placed(verdict: Verdict, path: Path) -> Verdict:
    from msgspec.structs import replace  # noqa: PLC0415 - only here

    return replace(verdict, file=str(path))


def _make(
    path: Path, steps: Sequence[Step], made: Path, original: Network, trial: Trial
) -> str | None:
    """Write a variant; return why the network does not lend itself to it, or None."""
    if list(steps) == [Step.BF16]:
        made.write_bytes(path.read_bytes())
        return None
    facts, size = original.facts, (original.facts.height, original.facts.width)
    try:
        graph = with_opset(open_graph(path))
        if Step.RECT in steps:
            if trial.camera is None:
                raise ShrinkingError("rect needs the size of the camera's picture: give --camera")
            size = rectangle_for(size, trial.camera)
            graph = with_input(graph, *size)
    except GraphUnsuited as error:
        return str(error)
    graph = simplify(graph)
    _sign(graph, path, steps, facts.names)
    save_graph(graph, made)
    eight = {Step.INT8, Step.INT8_PLAIN, Step.INT8_NNCF} & set(steps)
    if not eight:
        return None
    own = load_network(made, runtime="onnxruntime", threads=trial.threads).facts
    frames: list[Frame] = [frame for one in trial.pictures for frame in one.calibration]
    if Step.INT8_NNCF in eight:
        quantise_with_nncf(graph, made, own, frames, keep=trial.keep)
    else:
        quantise(graph, made, own, frames, keep_tail=Step.INT8 in eight, keep=trial.keep)
    return None


def _unmade(
    name: str, path: Path, runtime: str, original: Network, before: float | None, reason: str
) -> Verdict:
    size = path.stat().st_size
    return Verdict(
        variant=name,
        accepted=False,
        reasons=(reason,),
        file="",
        runtime=runtime,
        bytes=size,
        bytes_before=size,
        input_px=(original.facts.height, original.facts.width),
        speed=1.0,
        agreement=(),
        map50_95_before=before,
        map50_95=None,
    )


def _sign(graph: Any, path: Path, steps: Sequence[Step], names: Sequence[str]) -> None:
    """Write into a graph what it was made from, and its class names."""
    stored = {one.key: one.value for one in graph.metadata_props}
    stored["shrunk_from"] = hashlib.sha256(path.read_bytes()).hexdigest()
    stored["shrunk_by"] = "+".join(steps)
    stored.setdefault("names", str(dict(enumerate(names))))
    tool("onnx.helper").set_model_props(graph, stored)


def _judge(
    name: str,
    path: Path,
    made: Path,
    runtime: str,
    original: Network,
    seen: Sequence[Any],
    before: float | None,
    trial: Trial,
) -> Verdict:
    reasons: list[str] = []
    told: list[Agreement] = []
    after, speed, size = None, 0.0, (original.facts.height, original.facts.width)
    try:
        variant = load_network(made, runtime=runtime, threads=trial.threads)
    except ModelError as error:
        reasons.append(f"a box cannot load it: {error}")
    else:
        size = (variant.facts.height, variant.facts.width)
        for one, reference in zip(trial.pictures, seen, strict=True):
            own = seen_by(variant, one.comparison, trial.confidence)
            told.append(agreement(one.name, reference, own))
        reasons += _disagreement(told, trial.limits)
        after = _map(made, runtime, trial)
        if before is not None and after is not None and before - after > trial.limits.max_loss:
            reasons.append(
                f"mAP50-95 falls from {before:.3f} to {after:.3f}, more than "
                f"{trial.limits.max_loss:g} is refused"
            )
        speed = speed_ratio(original, variant)
    return Verdict(
        variant=name,
        accepted=not reasons,
        reasons=tuple(reasons),
        file="",
        runtime=runtime,
        bytes=made.stat().st_size,
        bytes_before=path.stat().st_size,
        input_px=size,
        speed=speed,
        agreement=tuple(told),
        map50_95_before=before,
        map50_95=after,
    )


def _disagreement(told: Sequence[Agreement], limits: Limits) -> list[str]:
    """Return why the sources, those with few boxes taken together with the rest, disagree."""
    whole = Agreement(
        source="all frames",
        frames=sum(one.frames for one in told),
        reference=sum(one.reference for one in told),
        found=sum(one.found for one in told),
        matched=sum(one.matched for one in told),
    )
    if whole.reference == 0:
        return ["the original finds nothing in these frames: nothing to compare; give others"]
    checked = [one for one in told if one.reference >= _ENOUGH]
    if checked != [whole]:
        checked = [*checked, whole] if len(told) > 1 or not checked else checked
    return [
        f"{one.source}: of {one.reference} boxes {one.matched} are left, {one.found - one.matched} are "
        f"new (recall {one.recall:.3f}, precision {one.precision:.3f}); {limits.min_agreement:g} is "
        "the least"
        for one in checked
        if min(one.recall, one.precision) < limits.min_agreement
    ]


def _map(path: Path, runtime: str, trial: Trial) -> float | None:
    if trial.judged is None:
        return None
    candidate = Candidate(path, runtime=runtime, threads=trial.threads, renamed=trial.renamed or {})
    looked = look(candidate, trial.judged)
    return score(candidate, trial.judged, looked, confidence=trial.confidence).report.map50_95
