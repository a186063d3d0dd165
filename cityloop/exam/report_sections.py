"""Parts of an exam's report that are tables: drawn cameras, what was seen of each class, citizens."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from html import escape

from cityloop.exam.score import Paper, Score

__all__ = ["camera_section", "citizen_section", "table"]


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table; None is a dash."""

    def cell(value: object) -> str:
        if value is None:
            return "–"
        return escape(f"{value:.4g}" if isinstance(value, float) else str(value))

    body = "".join(
        "<tr>" + "".join(f"<td>{cell(value)}</td>" for value in row) + "</tr>" for row in rows
    )
    return (
        "<table><tr>" + "".join(f"<th>{escape(one)}</th>" for one in head) + f"</tr>{body}</table>"
    )


def camera_section(papers: Sequence[Paper], total: Score) -> str:
    """Return how drawn cameras were followed, and what was seen of each class; empty without any."""
    if total.cameras is None:
        return ""
    lead = (
        f"{total.cameras.frames:,} frames, {total.cameras.camera_days * 1440.0:.0f} camera-minutes; "
        f"{total.cameras.false_alarms_per_camera_day:g} false alarms a camera-day. Scripted: a detector "
        "that knows the truth and errs at the rate that its scenario states; background: the box's own "
        "background subtraction; trained: the model that ships."
    )
    return (
        "<h2>Drawn cameras</h2>"
        + table(
            (
                "camera",
                "detector",
                "HOTA",
                "IDF1",
                "place off by, median m",
                "p95 m",
                "speed off by, p95 share",
                "crossings true / counted",
            ),
            (
                (
                    f"{one.camera}, seed {paper.sitting.city.seed}",
                    one.detector,
                    one.tracking and one.tracking.hota,
                    one.tracking and one.tracking.idf1,
                    one.place_error_m_median,
                    one.place_error_m_p95,
                    one.speed_error_p95,
                    ", ".join(f"{line.true} / {line.counted}" for line in one.lines) or None,
                )
                for paper in papers
                for one in paper.sitting.cameras
            ),
        )
        + f"<p class=lead>{lead}</p>"
        + _observation_table(papers)
        + _seen_table(papers)
    )


def _observation_table(papers: Sequence[Paper]) -> str:
    """Return by camera and kind how many observations were told, and were of nothing."""
    return (
        "<h3>What boxes derived from tracks</h3>"
        + table(
            ("camera", "light", "detector", "observation", "told", "false", "false share"),
            (
                (
                    f"{one.camera}, seed {paper.sitting.city.seed}",
                    one.light,
                    one.detector,
                    kind.kind,
                    kind.told,
                    kind.false,
                    kind.false / kind.told,
                )
                for paper in papers
                for one in paper.sitting.cameras
                for kind in one.observations
            ),
        )
        + "<p class=lead>An observation is false where no body of its class stands within 3 m of the place that it "
        "names.</p>"
    )


def _seen_table(papers: Sequence[Paper]) -> str:
    """Return by light and class what was to be seen and told of, over all cameras."""
    counts: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for paper in papers:
        for figures in paper.sitting.cameras:
            for one in figures.classes:
                counts[(figures.detector, figures.light, one.name)].update(
                    shown=one.shown, found=one.found, told=one.told, false=one.false
                )
    return (
        "<h3>What the cameras saw, by light and class</h3>"
        + table(
            ("class", "light", "detector", "to be seen", "seen", "told of", "false share"),
            (
                (
                    name,
                    light,
                    detector,
                    count["shown"],
                    count["found"] / count["shown"] if count["shown"] else None,
                    count["told"],
                    count["false"] / count["told"] if count["told"] else None,
                )
                for (detector, light, name), count in sorted(counts.items())
            ),
        )
        + "<p class=lead>Bodies and tracks, moment by moment, once a second; a track is false where no "
        "body of its class overlaps it by half.</p>"
    )


def citizen_section(total: Score) -> str:
    """Return what became of citizens' reports; empty where nobody reports."""
    one = total.citizens
    if one is None:
        return ""
    return (
        "<h2>Citizens 市民</h2>"
        + table(
            ("reports", "mistaken", "astray", "pairs", "precision", "recall", "with astray",
             "case off by, median m", "without a class", "class right"),
            [
                (one.reports, one.mistaken, one.astray, one.pairs, one.precision, one.recall,
                 one.recall_with_astray, one.place_error_m_median, one.unclassed, one.class_recall)
            ],
        )
        + "<p class=lead>A pair is a report with another report or an event: joined into one case, rightly "
        "or not.</p>"
    )  # fmt: skip
