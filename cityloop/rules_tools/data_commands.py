"""The commands that run packs over stored data: replay, diff and plot."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from cityloop.rules_tools.comparison import Comparison, compare
from cityloop.rules_tools.console import MAPPING, PACK, echo_json, read_key
from cityloop.rules_tools.errors import RulesToolError
from cityloop.rules_tools.explanation import find_rule
from cityloop.rules_tools.findings import CheckedPack, load_packs
from cityloop.rules_tools.firings import Firing, firings_of, statements_digest
from cityloop.rules_tools.key_series import key_series
from cityloop.rules_tools.labels import LabelScore, read_labels, score
from cityloop.rules_tools.parallel_replay import Share, replay_many
from cityloop.rules_tools.plot import draw
from cityloop.rules_tools.replay import DEFAULT_DISTRICT, Replay, ReplayWindow, replay
from cityloop.rules_tools.sources.mapping import load_mapping
from cityloop.rules_tools.sources.moments import read_moment
from cityloop.rules_tools.sources.opening import StoredData, open_data
from contracts.readings import moment
from rules.durations import parse_duration

__all__ = ["diff", "plot", "replay_command"]

_DATA_HELP = (
    "a gateway's state folder or journal, .jsonl with messages or SenML, .csv or .parquet with readings, "
    "nats://host:port/STREAM; "
    "- for JSON lines on standard input"
)
_SINCE = click.option("--since", help="Report statements from this time on; ISO 8601.")
_UNTIL = click.option("--until", help="Report statements up to this time; ISO 8601.")
_TICK = click.option(
    "--tick",
    "tick_s",
    type=click.IntRange(1, 86_400),
    help="Seconds between clock ticks where a table or lines are silent; default 1, as live, "
    "or more where all rules are plain ladders.",
)
_LABELS = click.option(
    "--labels",
    "labels_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="CSV of what really happened: columns from, to, and key names, rule or event_type.",
)
_TOLERANCE = click.option(
    "--tolerance",
    default="10m",
    show_default=True,
    help="How far an episode may miss a label's span and still meet it.",
)


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how far a replay is."""
    console = Console(stderr=True)
    with console.status(what) as status:
        yield lambda records: status.update(f"{what}: {records:,} records")


def _window(since: str | None, until: str | None) -> ReplayWindow:
    window = ReplayWindow()
    if since is not None:
        window = window._replace(since_s=read_moment(since, "--since"))
    if until is not None:
        window = window._replace(until_s=read_moment(until, "--until"))
    return window


def _open(name: str, mapping_text: str | None, packs: Sequence[CheckedPack]) -> StoredData:
    return open_data(name, load_mapping(mapping_text), [one.pack for one in packs])


@click.command("replay")
@click.argument("packs", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[PACK…]")
@click.option(
    "--from",
    "data_names",
    required=True,
    multiple=True,
    help=f"The data: {_DATA_HELP}. Several times for tables of sensors of their own.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    help="Processes that replay several tables at a time.",
)
@MAPPING
@_SINCE
@_UNTIL
@_LABELS
@_TOLERANCE
@click.option(
    "--district",
    default=DEFAULT_DISTRICT,
    show_default=True,
    help="District of events whose subject nobody knows: the gateway's first one.",
)
@_TICK
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def replay_command(
    packs: tuple[Path, ...],
    data_names: tuple[str, ...],
    jobs: int,
    mapping_text: str | None,
    since: str | None,
    until: str | None,
    labels_path: Path | None,
    tolerance: str,
    district: str,
    tick_s: int | None,
    *,
    as_json: bool,
) -> None:
    """Say what PACK… would have raised on stored data.

    Without a PACK, a journal is replayed with the packs that were in force. All data is fed, also what
    lies before --since, so that states are right. The digest is the same each time, and that of the
    live run where a journal is replayed with the packs that it ran with.
    """
    window = _window(since, until)
    tolerance_s = _tolerance(tolerance)
    labels = None if labels_path is None else read_labels(labels_path)
    share = Share(packs, mapping_text, window, district, tick_s)
    if len(data_names) > 1:
        with _progress("replaying") as progress:
            found = replay_many(share, data_names, jobs=jobs, progress=progress)
    else:
        found = _replay_one(share, data_names[0])
    firings = firings_of(found.events)
    judged = None if labels is None else score(firings, labels, tolerance_s=tolerance_s)
    report = _report(", ".join(data_names), found, firings, judged)
    if as_json:
        echo_json(report)
        return
    for firing in firings:
        click.echo(_firing_line(firing))
    click.echo(
        f"{len(firings)} events ({report['open']} open), {len(found.events)} statements "
        f"from {found.records} records"
    )
    if judged is not None:
        click.echo(_score_line(judged))
    click.echo(f"digest {report['digest']}")


def _replay_one(share: Share, name: str) -> Replay:
    """Replay one file or folder, which may also be a journal with packs of its own."""
    loaded = load_packs(share.packs)
    data = _open(name, share.mapping_text, loaded)
    if not loaded and data.folder is None:
        raise RulesToolError(f"{name}: no journal, so name the PACK to replay it with")
    with _progress("replaying") as progress:
        return replay(
            loaded,
            data,
            window=share.window,
            district=share.district,
            tick_s=share.tick_s,
            progress=progress,
        )


def _tolerance(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise RulesToolError(f"--tolerance: {error}") from error


def _report(
    name: str, found: Replay, firings: Sequence[Firing], judged: LabelScore | None
) -> dict[str, Any]:
    by_rule: dict[str, int] = {}
    for firing in firings:
        by_rule[firing.rule] = by_rule.get(firing.rule, 0) + 1
    return {
        "from": name,
        "records": found.records,
        "first_at": _moment(found.first_s),
        "last_at": _moment(found.last_s),
        "unusable": found.unusable,
        "count": len(firings),
        "open": sum(firing.ended_at is None for firing in firings),
        "statements": len(found.events),
        "by_rule": dict(sorted(by_rule.items())),
        "digest": statements_digest(found.events),
        "score": judged,
        "events": firings,
    }


def _moment(at_s: float | None) -> datetime | None:
    return None if at_s is None else moment(at_s)


def _firing_line(firing: Firing) -> str:
    key = ",".join(f"{name}={value}" for name, value in firing.key.items())
    end = "open" if firing.ended_at is None else f"{firing.ended_at:%Y-%m-%d %H:%M:%S}"
    course = "→".join(
        step.level.value if step.phase.value != "end" else "end" for step in firing.steps
    )
    return (
        f"{firing.onset_at:%Y-%m-%d %H:%M:%S} +{firing.delay_s:g}s … {end}  "
        f"{firing.rule} {key}  {course}  {firing.title_en}"
    )


def _score_line(judged: LabelScore) -> str:
    def share(value: float | None) -> str:
        return "none" if value is None else f"{value:.1%}"

    lead = "none" if judged.lead_s_median is None else f"{judged.lead_s_median:g} s"
    return (
        f"precision {share(judged.precision)}, recall {share(judged.recall)} "
        f"({judged.found} of {judged.labels} labels), {len(judged.false_alarms)} false alarms, "
        f"median lead {lead}"
    )


@click.command()
@click.argument("old", type=click.Path(path_type=Path, exists=True))
@click.argument("new", type=click.Path(path_type=Path, exists=True))
@click.option("--on", "data_name", required=True, help=f"The data: {_DATA_HELP}.")
@MAPPING
@_SINCE
@_UNTIL
@_LABELS
@_TOLERANCE
@_TICK
@click.option("--exit-code", is_flag=True, help="Exit with 1 where the alarms differ.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def diff(
    old: Path,
    new: Path,
    data_name: str,
    mapping_text: str | None,
    since: str | None,
    until: str | None,
    labels_path: Path | None,
    tolerance: str,
    tick_s: int | None,
    *,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Say which alarms the change from OLD to NEW adds, removes and moves on stored data.

    With --labels also which of both met what really happened better, and which alarms were false.
    """
    tolerance_s = _tolerance(tolerance)
    labels = None if labels_path is None else read_labels(labels_path)
    before, after = load_packs([old]), load_packs([new])
    window = _window(since, until)
    data = _open(data_name, mapping_text, [*before, *after])
    with _progress("replaying both") as progress:
        runs = [
            firings_of(replay(one, data, window=window, tick_s=tick_s, progress=progress).events)
            for one in (before, after)
        ]
    found = compare(*runs)
    scores = []
    if labels is not None:
        scores = [score(firings, labels, tolerance_s=tolerance_s) for firings in runs]
    if as_json:
        both = dict(zip(("old", "new"), scores, strict=True)) if scores else None
        echo_json({**msgspec.structs.asdict(found), "score": both})
    else:
        false_alarms = {one for judged in scores for one in judged.false_alarms}
        _echo_comparison(found, false_alarms if scores else None)
        for name, judged in zip(("old", "new"), scores, strict=False):
            click.echo(f"{name}: {_score_line(judged)}")
    if exit_code and (found.added or found.removed or found.moved):
        raise SystemExit(1)


def _echo_comparison(found: Comparison, false_alarms: Collection[str] | None) -> None:
    """Print what differs; ``false_alarms`` are those that met no label, None without labels."""
    for sign, firings in (("-", found.removed), ("+", found.added)):
        for firing in firings:
            judged = ""
            if false_alarms is not None:
                judged = "  [false]" if firing.event_id in false_alarms else "  [met]"
            click.echo(f"{sign} {_firing_line(firing)}{judged}")
    for moved in found.moved:
        ended = "" if moved.ended_by_s is None else f", ended {moved.ended_by_s:+g} s"
        levels = " → ".join(dict.fromkeys(level.value for level in moved.level))
        click.echo(
            f"~ {_firing_line(moved.new)}  (raised {moved.raised_by_s:+g} s{ended}, {levels})"
        )
    click.echo(
        f"{len(found.added)} added, {len(found.removed)} removed, {len(found.moved)} moved, "
        f"{found.same} the same"
    )


@click.command()
@PACK
@click.option("--on", "data_name", required=True, help=f"The data: {_DATA_HELP}.")
@click.option("--key", "keys", multiple=True, required=True, help="Whose values: subject=uw-01.")
@click.option("--rule", "rule_id", help="Id of the rule; default the only one.")
@click.option("--field", help="Field to draw; default the first number that the rule reads.")
@MAPPING
@_SINCE
@_UNTIL
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The picture: .png or .svg.",
)
def plot(
    pack: Path,
    data_name: str,
    keys: tuple[str, ...],
    rule_id: str | None,
    field: str | None,
    mapping_text: str | None,
    since: str | None,
    until: str | None,
    output: Path,
) -> None:
    """Draw the values of one key with the thresholds of a rule of PACK and the level over time.

    Needs matplotlib: pip install 'cityloop[plot]'.
    """
    loaded = load_packs([pack])
    rule = find_rule([one.pack for one in loaded], rule_id)
    key, window = read_key(keys), _window(since, until)
    data = _open(data_name, mapping_text, loaded)
    series = key_series(data.entries(tick_s=None), rule, key, field).within(*window)
    firings = [
        firing
        for firing in firings_of(replay(loaded, data, window=window).events)
        if firing.rule == rule.id and key.items() <= firing.key.items()
    ]
    draw(output, rule, key, series, firings)
    click.echo(
        f"{output}: {len(series.at)} values of {series.field}, {len(firings)} events", err=True
    )
