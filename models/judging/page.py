"""The report of a judged model as one HTML page with its pictures inside, and as files."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

import msgspec

from models.judging.comparison import Comparison, Interval
from models.judging.gate import Shortfall
from models.judging.judged_set import JudgedSet
from models.judging.plots import confusion_png, precision_png, reliability_png
from models.judging.report import Report
from models.judging.scoring import Scored
from models.judging.summary import figure

__all__ = ["write_report"]

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;margin:.5rem 0}
th,td{padding:.25rem .7rem;border-bottom:1px solid #e3e3e3;text-align:right}
th:first-child,td:first-child{text-align:left}th{font-weight:600}img{max-width:100%}
.verdict{padding:.6rem .9rem;border-left:4px solid #3a7d44;background:#f1f7f2}
.refused{border-color:#d1495b;background:#fbf1f2}.note{color:#666}
"""


def write_report(
    out: Path,
    judged: JudgedSet,
    scored: Scored,
    *,
    failed: Sequence[Shortfall] = (),
    gated: bool = False,
    incumbent: Scored | None = None,
    comparison: Comparison | None = None,
) -> None:
    """Write report.html, report.json and the plots into a folder, made if missing.

    Args:
        out: the folder.
        judged: the labelled pictures.
        scored: the model.
        failed: what the gate asked and did not get.
        gated: there was a gate.
        incumbent: the model that runs, if it was judged as well.
        comparison: of both.

    Raises:
        PlottingMissing: matplotlib is not installed.
        OSError: the folder cannot be written.
    """
    plots = {
        "precision.png": precision_png(scored, judged),
        "confusion.png": confusion_png(scored.report),
        "reliability.png": reliability_png(scored.report),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, content in plots.items():
        (out / name).write_bytes(content)
    told = {
        "report": scored.report,
        "incumbent": None if incumbent is None else incumbent.report,
        "comparison": comparison,
        "shortfalls": failed,
    }
    (out / "report.json").write_bytes(msgspec.json.format(msgspec.json.encode(told)) + b"\n")
    old = None if incumbent is None else incumbent.report
    parts = [_verdict(failed) if gated else "", _head(scored.report, old)]
    if comparison is not None:
        parts.append(_comparison(comparison))
    parts += [
        _classes(scored.report, old),
        _scenes(scored.report, old),
        _stages(scored.report, old),
    ]
    parts += [_picture(name, content) for name, content in plots.items()]
    title = f"Judged: {escape(scored.report.model_id)}"
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style><h1>{title}</h1>{''.join(parts)}</html>\n"
    )
    (out / "report.html").write_text(page, encoding="utf-8")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = "".join(f"<th>{escape(word)}</th>" for word in head)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><tr>{top}</tr>{body}</table>"


def _verdict(failed: Sequence[Shortfall]) -> str:
    if not failed:
        return '<p class="verdict">Let through by the gate.</p>'
    rows = [(one.what, one.asked, one.got) for one in failed]
    return (
        '<div class="verdict refused">Refused by the gate.'
        + _table(("what", "asked", "got"), rows)
        + "</div>"
    )


def _head(report: Report, old: Report | None) -> str:
    models = [report] if old is None else [report, old]
    facts = _table(
        ("", *(one.model_id for one in models)),
        [
            ("file", *(f"{one.model_file}, {one.model_bytes / 1e6:.2f} MB" for one in models)),
            ("input", *(f"{one.input_px[0]} × {one.input_px[1]}" for one in models)),
            ("runtime", *(f"{one.runtime}, {one.threads} thread(s)" for one in models)),
            ("mAP50", *(figure(one.map50) for one in models)),
            ("mAP50-95", *(figure(one.map50_95) for one in models)),
            ("误判率: wrong of what was found", *(figure(one.fp_share) for one in models)),
            ("误判率: missed of what is there", *(figure(one.fn_share) for one in models)),
            ("wrong boxes a picture", *(f"{one.fp_per_picture:.2f}" for one in models)),
            ("calibration error", *(figure(one.ece) for one in models)),
        ],
    )
    shares = f"Shares at confidence {report.working_confidence:g} and IoU 0.5."
    counted = f"{report.pictures} pictures of {report.data}, {report.labels} labelled things."
    notes = [f"{counted} {shares}"]
    if report.missing_classes:
        notes.append(f"Not judged, unknown to the model: {', '.join(report.missing_classes)}.")
    if report.boxes_elsewhere:
        notes.append(f"Not judged, unknown to the labels: {report.boxes_elsewhere} boxes.")
    return facts + "".join(f'<p class="note">{escape(note)}</p>' for note in notes)


def _comparison(told: Comparison) -> str:
    def row(name: str, value: Interval | None) -> tuple[str, str, str]:
        if value is None:
            return name, "–", "–"
        return name, f"{value.difference:+.4f}", f"{value.low:+.4f} to {value.high:+.4f}"

    table = _table(
        ("candidate minus incumbent", "difference", "95 % interval"),
        [row("mAP50", told.map50), row("mAP50-95", told.map50_95)],
    )
    note = f"Paired bootstrap over {told.drawn}, {told.rounds} draws; classes that both know."
    return f'<h2>Difference</h2>{table}<p class="note">{note}</p>'


def _classes(report: Report, old: Report | None) -> str:
    head = ["class", "labels", "AP50", "AP50-95", "precision", "recall", "best confidence"]
    before = {} if old is None else {one.name: one for one in old.classes}
    rows = []
    for one in report.classes:
        row = [one.name, str(one.labels), figure(one.ap50), figure(one.ap50_95)]
        row += [figure(one.precision), figure(one.recall), figure(one.best_confidence)]
        if old is not None:
            row.append(figure(before[one.name].ap50_95) if one.name in before else "–")
        rows.append(row)
    if old is not None:
        head.append("AP50-95 of the incumbent")
    return "<h2>Classes</h2>" + _table(head, rows)


def _scenes(report: Report, old: Report | None) -> str:
    head = ["scene", "pictures", "labels", "mAP50", "wrong", "missed"]
    before = {} if old is None else {one.name: one for one in old.scenes}
    rows = []
    for one in report.scenes:
        row = [one.name, str(one.pictures), str(one.labels), figure(one.map50)]
        row += [figure(one.fp_share), figure(one.fn_share)]
        if old is not None:
            row.append(figure(before[one.name].fn_share) if one.name in before else "–")
        rows.append(row)
    if old is not None:
        head.append("missed by the incumbent")
    return "<h2>Scenes</h2>" + _table(head, rows)


def _stages(report: Report, old: Report | None) -> str:
    models = [report] if old is None else [report, old]
    rows = [
        (
            stage.name,
            *(
                f"{one.stages[number].p50_ms:.2f} / {one.stages[number].p95_ms:.2f}"
                for one in models
            ),
        )
        for number, stage in enumerate(report.stages)
    ]
    rows.append(("pictures a second", *(f"{one.pictures_per_s:.1f}" for one in models)))
    rows.append(("most memory", *(f"{one.peak_rss_mb:.0f} MB" for one in models)))
    head = ("stage, ms: median / 95 %", *(one.model_id for one in models))
    return "<h2>Time and memory on this machine</h2>" + _table(head, rows)


def _picture(name: str, content: bytes) -> str:
    data = base64.b64encode(content).decode("ascii")
    alt = name.removesuffix(".png")
    return f'<p><img alt="{alt}" src="data:image/png;base64,{data}"></p>'
