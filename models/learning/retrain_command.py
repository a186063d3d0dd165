"""The command that runs the whole turn: ``cityloop models retrain``."""

import json
from pathlib import Path

import click

__all__ = ["retrain"]


class _Refused(click.ClickException):
    """One line on stderr and exit code 2: a person has to put something right."""

    exit_code = 2


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--pictures",
    type=click.IntRange(40),
    default=600,
    show_default=True,
    help="Pictures of the city as it was that the first detector learns from.",
)
@click.option(
    "--review",
    type=click.IntRange(1),
    default=120,
    show_default=True,
    help="Hard pictures that are labelled in between.",
)
@click.option(
    "--replay",
    type=click.IntRange(0),
    default=300,
    show_default=True,
    help="Pictures of the city as it was that are mixed in, so that it is not forgotten.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    default=30,
    show_default=True,
    help="How often every picture is learned from, in either training.",
)
@click.option("--arch", default="street-thin", show_default=True, help="As for models train.")
@click.option(
    "--imgsz",
    type=click.IntRange(64),
    default=320,
    show_default=True,
    help="Rows and columns of the pieces that are learned from.",
)
@click.option(
    "--size",
    nargs=2,
    type=click.IntRange(64),
    default=(640, 360),
    show_default=True,
    help="Columns and rows of the drawn pictures.",
)
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Of the drawn cities and of both trainings.",
)
@click.option(
    "--step-size",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    default=0.002,
    help="Largest step of the optimiser.",
)
@click.option(
    "--model",
    "incumbent",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The first detector (.onnx), with --from; default: one is trained on the city.",
)
@click.option(
    "--from",
    "checkpoint",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Its checkpoint (.pt), from which training goes on.",
)
@click.option(
    "--python",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path(".venv-train/bin/python"),
    show_default=True,
    help="Python of the environment with torch (make trainer).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def retrain(
    folder: Path,
    pictures: int,
    review: int,
    replay: int,
    epochs: int,
    arch: str,
    imgsz: int,
    size: tuple[int, int],
    seed: int,
    step_size: float,
    incumbent: Path | None,
    checkpoint: Path | None,
    python: Path,
    *,
    as_json: bool,
) -> None:
    """Run the whole turn on the simulator in FOLDER, and show the scores before and after.

    A city is drawn and a detector trained on it. Then the city changes: winter light, and vehicles
    painted as none were before. The detector chooses what it is unsure of, the simulator labels that in
    people's place, the accepted labels make the next data set, and training goes on from the first
    detector. Scores are mAP50 on cameras that nobody learned from.

    Exit codes: 0 done, 2 refused or failed.
    """
    import msgspec  # noqa: PLC0415 - keeps --help quick

    from edge.errors import ModelError  # noqa: PLC0415 - as above
    from models.datasets.errors import DatasetError  # noqa: PLC0415 - as above
    from models.learning.errors import LearningError  # noqa: PLC0415 - as above
    from models.learning.retraining import Turn, TurnPlan  # noqa: PLC0415 - as above

    if not python.exists():
        raise _Refused(f"{python} does not exist; run make trainer, or name one with --python")
    if (incumbent is None) != (checkpoint is None):
        raise click.UsageError("--model and --from belong together")
    plan = TurnPlan(
        step_size=step_size,
        incumbent=incumbent,
        checkpoint=None if checkpoint is None else checkpoint.absolute(),
        pictures=pictures,
        review=review,
        replay=replay,
        epochs=epochs,
        arch=arch,
        imgsz=imgsz,
        size=size,
        seed=seed,
        python=python.absolute(),
    )

    def say(words: str) -> None:
        if not as_json:
            click.echo(words, err=True)

    try:
        scores = Turn(plan, folder, say).run()
    except (DatasetError, LearningError, ModelError, OSError) as error:
        raise _Refused(str(error)) from error
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(scores)))
        return
    click.echo("mAP50              before   after")
    click.echo(f"changed city     {scores.changed_before:8.3f}{scores.changed_after:8.3f}")
    click.echo(f"city as it was   {scores.city_before:8.3f}{scores.city_after:8.3f}")
    click.echo(f"{scores.reviewed} pictures labelled; data set {scores.version}; {scores.model}")
