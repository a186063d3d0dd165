"""Whether an exam is passed, for people and for a CI."""

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from cityloop.exam.score import Paper, Score, score

__all__ = ["failures", "junit_xml"]


def failures(total: Score, min_recall: float, min_precision: float) -> list[str]:
    """Return why an exam is failed, in words; empty: it is passed."""
    found = []
    if total.recall is not None and total.recall < min_recall:
        found.append(f"recall {total.recall:g}: expected at least {min_recall:g}")
    if total.precision is not None and total.precision < min_precision:
        found.append(f"precision {total.precision:g}: expected at least {min_precision:g}")
    if total.false_alarms_quiet_week:
        found.append(f"{total.false_alarms_quiet_week} alarms where nothing went wrong: expected 0")
    if total.lost:
        found.append(f"{total.lost} messages or statements lost: expected 0")
    if total.duplicates:
        found.append(f"{total.duplicates} messages or statements twice: expected 0")
    return found


def junit_xml(papers: Sequence[Paper], min_recall: float, min_precision: float) -> str:
    """Return a JUnit report with a test case for every sitting."""
    cases = []
    failed = 0
    for paper in papers:
        total, city = score([paper]), paper.sitting.city
        wrong = failures(total, min_recall, min_precision)
        failed += bool(wrong)
        body = "".join(f"<failure message={quoteattr(one)}/>" for one in wrong)
        missed = [
            f"missed {one.incident.class_name} at {one.incident.subject} from {one.incident.start_s:g} s"
            for one in paper.marks.findings
            if one.episode is None
        ]
        false = [
            f"false {one.event_type} about {one.subject} at {one.opened_s:g} s"
            for one in paper.marks.false
        ]
        out = escape("\n".join((*missed, *false)))
        cases.append(
            f'<testcase classname="cityloop.exam" name={quoteattr(f"{city.name}[{city.seed}]")} '
            f'time="{paper.sitting.wall_s:.3f}">{body}<system-out>{out}</system-out></testcase>'
        )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><testsuite name="cityloop.exam" tests="{len(papers)}" '
        f'failures="{failed}">{"".join(cases)}</testsuite>\n'
    )
