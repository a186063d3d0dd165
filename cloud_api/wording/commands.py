"""``cityloop api wording``: train, examine and try the model that reads the words of reports."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cloud_api.told_errors import errors_told

if TYPE_CHECKING:
    from cloud_api.wording.examination import Examined, Figures

__all__ = ["wording"]

_WEIGHTS = click.option(
    "--weights",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of another model than the one that ships.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


@contextmanager
def _told() -> Iterator[None]:
    """Say our own errors, and a missing library, in one line and leave with status 2."""
    try:
        with errors_told():
            yield
    except ModuleNotFoundError as error:
        extra = {"sklearn": "wording", "matplotlib": "plot"}.get(error.name or "", "cloud")
        click.echo(f"Error: {error.name} is absent: pip install 'cityloop[{extra}]'", err=True)
        sys.exit(2)


@click.group()
def wording() -> None:
    """What reports are about, told from their words 文本分类."""


@wording.command("train")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write."
)
@click.option("--seed", type=int, default=1, help="Of the sentences that are made; default 1.")
@click.option(
    "--each",
    type=click.IntRange(10, 10_000),
    default=100,
    help="Sentences of a matter and language; default 100.",
)
@click.option(
    "--corrections",
    "corrections_path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Lines that `wording corrections` wrote, to learn from too.",
)
@_JSON
def train_model(
    out: Path, seed: int, each: int, corrections_path: Path | None, *, as_json: bool
) -> None:
    """Train a model on the corpus, calibrate its confidence, write its weights."""
    import json  # noqa: PLC0415 - --help stays quick
    from random import Random  # noqa: PLC0415 - as above

    import msgspec  # noqa: PLC0415 - as above

    from cloud_api.wording.corpus import Kind, Side, compose, load_corpus  # noqa: PLC0415 - as above
    from cloud_api.wording.corrections import Correction, sentence_of  # noqa: PLC0415 - as above

    with _told():
        from cloud_api.wording.training import (  # noqa: PLC0415 - scikit-learn is optional
            TrainingPlan,
            train,
            write_weights,
        )

        plan = TrainingPlan()
        kinds = {Kind.PLAIN: 0.4, Kind.TYPOS: 0.35, Kind.MIXED: 0.25}
        rng = Random(seed)  # noqa: S311 - a corpus, no secret
        sentences = list(compose(load_corpus(Side.TRAIN), rng, each=each, kinds=kinds))
        if corrections_path is not None:
            lines = corrections_path.read_bytes().splitlines()
            rows = (msgspec.json.decode(line, type=Correction) for line in lines if line.strip())
            sentences += [found for row in rows if (found := sentence_of(row)) is not None]
        trained = train(sentences, plan)
        write_weights(trained, out)
    told = {
        "sentences": len(sentences),
        "bytes": out.stat().st_size,
        "unseen_phrase_accuracy": round(trained.unseen_accuracy, 4),
        "unseen_phrase_sure": round(trained.unseen_sure, 4),
    }
    click.echo(json.dumps(told) if as_json else "\n".join(f"{k}: {v}" for k, v in told.items()))


@wording.command("evaluate")
@_WEIGHTS
@click.option("--seed", type=int, default=2, help="Of the sentences that are made; default 2.")
@click.option(
    "--each",
    type=click.IntRange(1, 10_000),
    default=12,
    help="Sentences of a matter, language and kind; default 12.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the confusion matrix, PNG or SVG.",
)
@_JSON
def evaluate_model(
    weights: Path | None, seed: int, each: int, plot: Path | None, *, as_json: bool
) -> None:
    """Examine a model on phrases, carriers and places that it has never seen."""
    import msgspec  # noqa: PLC0415 - --help stays quick

    from cloud_api.wording.corpus import Side, load_corpus  # noqa: PLC0415 - as above
    from cloud_api.wording.examination import examine  # noqa: PLC0415 - as above
    from cloud_api.wording.model import load_weights  # noqa: PLC0415 - as above
    from cloud_api.wording.suggesting import WEIGHTS  # noqa: PLC0415 - as above

    with _told():
        model = load_weights(weights or WEIGHTS)
        examined = examine(model, load_corpus(Side.TEST), each=each, seed=seed)
        if plot is not None:
            from cloud_api.wording.confusion_plot import (  # noqa: PLC0415 - matplotlib is optional
                draw_confusions,
            )

            draw_confusions(examined, plot)
    if as_json:
        click.echo(msgspec.json.encode(examined).decode())
    else:
        _print(examined)


@wording.command("classify")
@click.argument("texts", nargs=-1, required=True)
@_WEIGHTS
@_JSON
def classify_text(texts: tuple[str, ...], weights: Path | None, *, as_json: bool) -> None:
    """Read TEXTS: matter, confidence, and whether it is sure enough to do without a person."""
    import json  # noqa: PLC0415 - --help stays quick

    from cloud_api.wording.model import load_weights  # noqa: PLC0415 - as above
    from cloud_api.wording.suggesting import WEIGHTS  # noqa: PLC0415 - as above

    with _told():
        model = load_weights(weights or WEIGHTS)
        guesses = [model.guess(text) for text in texts]
    for text, guess in zip(texts, guesses, strict=True):
        sure = guess.confidence >= model.threshold
        if as_json:
            click.echo(
                json.dumps({"text": text, **guess._asdict(), "sure": sure}, ensure_ascii=False)
            )
        else:
            whose = "sure" if sure else "a person decides"
            click.echo(f"{guess.matter}  {guess.confidence:.2f}  {whose}  {text}")


@wording.command("corrections")
@click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="YAML file of the API; its database, keys and profile count.",
)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="File to write."
)
def write_corrections(config_path: Path | None, out: Path) -> None:
    """Write what people corrected as JSON lines to train on, personal data masked."""
    import msgspec  # noqa: PLC0415 - --help stays quick

    from cloud_api.bootstrap import open_database, open_profile  # noqa: PLC0415 - as above
    from cloud_api.config import ApiConfig, open_keybook  # noqa: PLC0415 - as above
    from cloud_api.flow_choice import load_flows  # noqa: PLC0415 - as above
    from cloud_api.orders.desk import OrderDesk  # noqa: PLC0415 - as above
    from cloud_api.privacy.vault import Vault  # noqa: PLC0415 - as above
    from cloud_api.wording.corrections import corrections  # noqa: PLC0415 - as above
    from runtime.yaml_document import load_config  # noqa: PLC0415 - as above

    with _told():
        config = ApiConfig() if config_path is None else load_config(config_path, ApiConfig)
        profile = open_profile(config, load_flows(config.flow, config.flow_choices))
        codes = {} if profile.suggester is None else profile.suggester.codes
        store = open_database(config)
        try:
            desk = OrderDesk(store, Vault(store, open_keybook(config)))
            with store.read() as connection:
                lines = [msgspec.json.encode(row) for row in corrections(connection, desk, codes)]
        finally:
            store.dispose()
        out.write_bytes(b"".join(line + b"\n" for line in lines))
    click.echo(f"{len(lines)} corrections written to {out}")


def _print(examined: "Examined") -> None:
    from rich.console import Console  # noqa: PLC0415 - --help stays quick
    from rich.table import Table  # noqa: PLC0415 - as above

    table = Table(title=f"model {examined.model}, {examined.matters} matters")
    for name in ("sentences", "how many", "right", "sure", "right of the sure"):
        table.add_column(name, justify="left" if name == "sentences" else "right")

    def line(name: str, found: "Figures") -> None:
        shares = (found.accuracy, found.sure, found.sure_accuracy)
        told = ("–" if share is None else f"{share:.1%}" for share in shares)
        table.add_row(name, str(found.sentences), *told)

    line("plain", examined.plain)
    for name, found in {**examined.by_kind, **examined.by_family}.items():
        line(name, found)
    line("no matter of the street", examined.unasked)
    Console(width=100).print(table)
