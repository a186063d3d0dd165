"""``cityloop models evaluate|compare``: a detector judged on labelled pictures."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from models.judging.renaming import RENAME
from runtime.errors import ConfigError

if TYPE_CHECKING:
    from models.judging.comparison import Comparison
    from models.judging.gate import GateConfig, Shortfall
    from models.judging.judged_set import JudgedSet
    from models.judging.looking import Candidate
    from models.judging.scoring import Scored

__all__ = ["compare", "evaluate"]

Command = Callable[..., Any]

_WORKING = 0.45
"""Confidence from which a box of the default configuration begins a track."""


def _options(command: Command) -> Command:
    """Add what ``evaluate`` and ``compare`` have in common."""
    for option in reversed(
        (
            click.option(
                "--data",
                required=True,
                type=click.Path(path_type=Path, exists=True),
                help="Folder with COCO labels and pictures or a video, as `models dataset export` writes one, or the .json itself.",
            ),
            click.option(
                "--runtime",
                type=click.Choice(["onnxruntime", "openvino"]),
                default="onnxruntime",
                show_default=True,
                help="What runs the network.",
            ),
            click.option(
                "--threads",
                type=click.IntRange(1, 64),
                default=1,
                show_default=True,
                help="Of one inference.",
            ),
            click.option(
                "--confidence",
                type=click.FloatRange(0.0, 1.0),
                default=_WORKING,
                show_default=True,
                help="Working confidence: from it on a box counts as found.",
            ),
            RENAME,
            click.option(
                "--tag",
                "tags",
                multiple=True,
                help="A word for all pictures, like night; repeatable.",
            ),
            click.option(
                "--every",
                type=click.IntRange(1),
                default=1,
                show_default=True,
                help="Take each N-th picture.",
            ),
            click.option(
                "--gate",
                "gate_path",
                type=click.Path(path_type=Path, dir_okay=False),
                help="What must be reached (YAML); exit code 1 when it is not.",
            ),
            click.option(
                "--out",
                type=click.Path(path_type=Path, file_okay=False),
                help="Folder for report.html, report.json and the plots; made if missing.",
            ),
            click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        )
    ):
        command = option(command)
    return command


@click.command()
@click.argument("model", type=click.Path(path_type=Path, dir_okay=False))
@_options
def evaluate(
    model: Path, data: Path, *, gate_path: Path | None, as_json: bool, **asked: Any
) -> None:
    """Judge the detector MODEL (.onnx) on labelled pictures, with the code that runs on the box.

    Exit codes: 0 judged and let through, 1 judged and refused by the gate, 2 not judged.
    """
    with _Failing():
        gate = _gate(gate_path)
        judged = _read(data, asked)
        scored = _judge(_candidate(model, asked), judged, asked["confidence"])
        failed = _shortfalls(gate, scored, None)
        if asked["out"] is not None:
            _write(asked["out"], judged, scored, failed=failed, gated=gate is not None)
    _tell(scored, None, failed, gated=gate is not None, as_json=as_json)
    sys.exit(1 if failed else 0)


@click.command()
@click.argument("candidate", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("incumbent", type=click.Path(path_type=Path, dir_okay=False))
@_options
@click.option(
    "--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the bootstrap."
)
def compare(
    candidate: Path,
    incumbent: Path,
    data: Path,
    *,
    gate_path: Path | None,
    as_json: bool,
    seed: int,
    **asked: Any,
) -> None:
    """Judge CANDIDATE and INCUMBENT (.onnx) on the same pictures, on the classes that both know.

    Exit codes: 0 judged and let through, 1 the candidate is refused by the gate, 2 not judged.
    """
    import numpy as np  # noqa: PLC0415 - keeps --help quick

    from models.judging.comparison import compare as compared  # noqa: PLC0415

    with _Failing():
        gate = _gate(gate_path)
        judged = _read(data, asked)
        new, old = _candidate(candidate, asked), _candidate(incumbent, asked)
        common = _common(new, old)
        ours = _judge(new, judged, asked["confidence"], common)
        theirs = _judge(old, judged, asked["confidence"], common)
        told = compared(ours, theirs, judged, np.random.default_rng(seed))
        failed = _shortfalls(gate, ours, told)
        if asked["out"] is not None:
            _write(
                asked["out"],
                judged,
                ours,
                failed=failed,
                gated=gate is not None,
                incumbent=theirs,
                comparison=told,
            )
    _tell(ours, told, failed, gated=gate is not None, as_json=as_json)
    sys.exit(1 if failed else 0)


class _Failing:
    """Turns what a person has to mend into one line and exit code 2."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        from edge.errors import ModelError  # noqa: PLC0415 - keeps --help quick
        from models.judging.errors import JudgingError  # noqa: PLC0415

        if isinstance(error, (ModelError, JudgingError, ConfigError, OSError)):
            click.echo(f"Error: {error}", err=True)
            sys.exit(2)


def _gate(path: Path | None) -> "GateConfig | None":
    if path is None:
        return None
    from models.judging.gate import GateConfig  # noqa: PLC0415 - keeps --help quick
    from runtime.yaml_document import load_config  # noqa: PLC0415

    return load_config(path, GateConfig)


def _read(data: Path, asked: dict[str, Any]) -> "JudgedSet":
    from models.judging.coco_folder import read_coco_folder  # noqa: PLC0415 - keeps --help quick

    return read_coco_folder(data, tags=tuple(asked["tags"]), every=asked["every"])


def _candidate(path: Path, asked: dict[str, Any]) -> "Candidate":
    from models.judging.looking import Candidate  # noqa: PLC0415 - keeps --help quick

    return Candidate(
        path, runtime=asked["runtime"], threads=asked["threads"], renamed=asked["renamed"]
    )


def _common(one: "Candidate", other: "Candidate") -> frozenset[str]:
    known = [
        {model.renamed.get(name, name) for name in model.load().facts.names}
        for model in (one, other)
    ]
    return frozenset(known[0] & known[1])


def _judge(
    candidate: "Candidate",
    judged: "JudgedSet",
    confidence: float,
    classes: frozenset[str] | None = None,
) -> "Scored":
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.progress import Progress  # noqa: PLC0415

    from models.judging.errors import NothingToJudge  # noqa: PLC0415
    from models.judging.looking import look  # noqa: PLC0415
    from models.judging.scoring import score  # noqa: PLC0415

    with Progress(transient=True, console=Console(stderr=True)) as bar:
        task = bar.add_task(candidate.path.name, total=len(judged.pictures))
        looked = look(candidate, judged, progress=lambda number: bar.update(task, completed=number))
    scored = score(candidate, judged, looked, confidence=confidence, classes=classes)
    if scored.report.labels == 0:
        raise NothingToJudge(
            f"{candidate.path}: it knows {', '.join(looked.facts.names[:9])}…, the labels of "
            f"{judged.name} are {', '.join(judged.classes)}: nothing in common; --rename tells "
            "which is which"
        )
    return scored


def _shortfalls(
    gate: "GateConfig | None", scored: "Scored", comparison: "Comparison | None"
) -> "tuple[Shortfall, ...]":
    from models.judging.gate import shortfalls  # noqa: PLC0415 - keeps --help quick

    return () if gate is None else shortfalls(gate, scored.report, comparison)


def _write(out: Path, judged: "JudgedSet", scored: "Scored", **told: Any) -> None:
    from models.judging.page import write_report  # noqa: PLC0415 - matplotlib is slow to import

    write_report(out, judged, scored, **told)
    click.echo(f"{out / 'report.html'}", err=True)


def _tell(
    scored: "Scored",
    comparison: "Comparison | None",
    failed: "tuple[Shortfall, ...]",
    *,
    gated: bool,
    as_json: bool,
) -> None:
    if as_json:
        document = {"report": scored.report, "comparison": comparison, "shortfalls": failed}
        click.echo(msgspec.json.encode(document))
        return
    from models.judging.summary import summary_lines  # noqa: PLC0415 - keeps --help quick

    for line in summary_lines(scored.report, comparison):
        click.echo(line)
    for one in failed:
        click.echo(f"refused: {one.what}: asked {one.asked}, got {one.got}")
    if gated and not failed:
        click.echo("let through")
