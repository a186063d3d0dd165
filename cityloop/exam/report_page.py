"""The exam's report: one HTML page with no parts elsewhere."""

from collections.abc import Sequence
from html import escape

from cityloop.exam.chart import timeline_svg
from cityloop.exam.district_map import MAP_STYLE, district_figure
from cityloop.exam.district_plan import district_plan
from cityloop.exam.reason_tree import ReasonTrees
from cityloop.exam.report_cases import false_alarm, incident_case
from cityloop.exam.report_sections import camera_section, citizen_section, table
from cityloop.exam.score import Paper, Score
from simulators.city.incident_classes import incident_classes

__all__ = ["report_page"]

_STYLE = """
:root{color-scheme:light dark;--ink:#1d2430;--paper:#fff;--faint:#69758a;--line:#d9dee7;--soft:#f3f5f9}
@media(prefers-color-scheme:dark){:root{--ink:#e7ebf2;--paper:#12161d;--faint:#9aa6b8;--line:#2c3442;--soft:#1a2029}}
body{font:15px/1.5 system-ui,"Noto Sans","Noto Sans CJK SC",sans-serif;color:var(--ink);background:var(--paper);
margin:0 auto;max-width:60rem;padding:1.5rem}
h1{font-size:1.6rem;margin:0 0 .2rem}h2{margin:2.2rem 0 .4rem;font-size:1.2rem}h3{font-size:1rem;margin:1.2rem 0 .2rem}
p.lead{color:var(--faint);margin:.1rem 0 1rem}table{border-collapse:collapse;width:100%;margin:.6rem 0}
td,th{border-bottom:1px solid var(--line);padding:.3rem .5rem;text-align:right;font-variant-numeric:tabular-nums}
td:first-child,th:first-child{text-align:left}th{color:var(--faint);font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.6rem}
.figures div{background:var(--soft);border-radius:.5rem;padding:.6rem .8rem}
.figures b{display:block;font-size:1.35rem}.figures span{color:var(--faint);font-size:.85rem}
video{max-width:100%;border-radius:.4rem}
svg{width:100%;height:auto;background:var(--soft);border-radius:.4rem}svg text{font-size:11px;fill:var(--faint)}
svg .label{font-size:10px}.grid{stroke:var(--line)}.curve{fill:none;stroke:#3b82c4;stroke-width:1.3}
.true{fill:#7aa97a;fill-opacity:.25}.said{stroke:#c8322b;stroke-width:1.2}
pre.why{font-size:.8rem;line-height:1.4;background:var(--soft);border-radius:.4rem;padding:.5rem .7rem;overflow-x:auto;margin:.4rem 0}
details{margin:.4rem 0}summary{cursor:pointer}code{font-size:.82rem;white-space:pre-wrap;overflow-wrap:anywhere}
"""

_Row = tuple[str, list[tuple[float, float, str]], list[tuple[float, str, bool]]]

_MOST_CASES = 12
"""Misses and false alarms that are drawn for each sitting."""


def _figure(value: object, label: str) -> str:
    shown = (
        "not measured" if value is None else f"{value:.4g}" if isinstance(value, float) else value
    )
    return f"<div><b>{escape(str(shown))}</b><span>{escape(label)}</span></div>"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def report_page(papers: Sequence[Paper], total: Score) -> str:
    """Return the page: the score, then every sitting with its timeline, misses and false alarms."""
    lead = (
        f"{_counted(total.sittings, 'sitting')}, {total.device_days:g} device-days, "
        f"{total.samples:,} samples; digest <code>{total.digest[:16]}</code>"
    )
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width,initial-scale=1'>",
        f"<title>cityloop exam 考核</title><style>{_STYLE}{MAP_STYLE}</style>",
        "<h1>Exam 考核</h1>",
        f"<p class=lead>{lead}</p>",
        "<div class=figures>",
        _figure(total.recall, "recall of incidents"),
        _figure(total.precision, "precision of events"),
        _figure(total.false_alarms_quiet_week, "alarms in the quiet week"),
        _figure(total.fault_recall, "recall of sensor faults"),
        _figure(total.lost, "lost"),
        _figure(total.duplicates, "duplicated"),
        _figure(total.level_errors, "wrong level"),
        _figure(total.fragments, "repeated events"),
        "</div>",
        _class_table(total),
        _fault_table(total),
        camera_section(papers, total),
        citizen_section(total),
    ]
    for paper in papers:
        parts.append(_sitting(paper))
    return "".join(parts) + "</html>"


def _class_table(total: Score) -> str:
    classes = incident_classes()
    return (
        "<h2>Incidents by class</h2>"
        + table(
            (
                "class",
                "incidents",
                "found",
                "right level",
                "late, median s",
                "late, p95 s",
                "off by, m",
            ),
            (
                (
                    f"{classes[name].title.zh} {classes[name].title.en}",
                    one.incidents,
                    one.found,
                    one.right_level,
                    one.late_s_median,
                    one.late_s_p95,
                    one.distance_m_max,
                )
                for name, one in total.classes.items()
            ),
        )
        + (
            "<p class=lead>Late: event time from the moment at which a careful observer of the true value "
            "is sure, until the event opened.</p>"
        )
    )


def _fault_table(total: Score) -> str:
    if not total.faults:
        return ""
    return "<h2>Sensor faults by kind</h2>" + table(
        ("kind", "faults", "noticed", "has to be noticed", "after, median s", "after, most s"),
        (
            (
                kind,
                one.faults,
                one.noticed,
                "yes" if one.demanded else "no",
                one.detect_s_median,
                one.detect_s_max,
            )
            for kind, one in total.faults.items()
        ),
    )


def _sitting(paper: Paper) -> str:
    sitting, marks = paper.sitting, paper.marks
    city = sitting.city
    missed = [one for one in marks.findings if one.episode is None]
    wrong = [one for one in marks.findings if one.episode is not None and one.level_error]
    heading = f"{escape(city.title.zh)} {escape(city.title.en)}"
    lead = (
        f"{_counted(len(marks.findings), 'incident')}, {len(marks.findings) - len(missed)} found; "
        f"{_counted(len(marks.false), 'false alarm')}; {marks.marginal} more may be called either way; "
        f"{sitting.samples:,} samples in {sitting.wall_s:.1f} s; lost {sitting.books.lost}, "
        f"duplicated {sitting.books.duplicates}"
    )
    parts = [
        f"<h2>{heading} <small>({escape(city.name)}, seed {city.seed})</small></h2>",
        f"<p class=lead>{lead}</p>",
        district_figure(district_plan(city, marks)),
        _timeline(paper),
    ]
    trees = ReasonTrees(sitting.packs)
    end_s = sitting.until_s
    for title, cases in (
        ("Missed", [incident_case(city, end_s, one, trees) for one in missed[:_MOST_CASES]]),
        ("Wrong level", [incident_case(city, end_s, one, trees) for one in wrong[:_MOST_CASES]]),
        (
            "False alarms",
            [false_alarm(city, end_s, one, trees) for one in marks.false[:_MOST_CASES]],
        ),
    ):
        if cases:
            parts.append(f"<h3>{title}</h3>" + "".join(cases))
    return "".join(parts)


def _timeline(paper: Paper) -> str:
    marks, end_s = paper.marks, paper.sitting.until_s
    rows: list[_Row] = []
    for name in sorted({one.incident.class_name for one in marks.findings}):
        findings = [one for one in marks.findings if one.incident.class_name == name]
        bars = [
            (one.incident.start_s, one.incident.end_s or end_s, one.incident.level.value)
            for one in findings
        ]
        dots = [
            (one.episode.opened_s, one.episode.peak.value, True) for one in findings if one.episode
        ]
        rows.append((f"{name}: true (bars), said (dots)", bars, dots))
    false = [(one.opened_s, one.peak.value, False) for one in marks.false]
    if false:
        rows.append(("false alarms", [], false))
    faults = [(one.fault.start_s, one.fault.end_s, "grey") for one in marks.faults]
    if faults:
        said = [(one.episode.opened_s, "blue", True) for one in marks.faults if one.episode]
        rows.append(("broken sensors", faults, said))
    return timeline_svg("what was true and what was said", rows, end_s) if rows else ""
