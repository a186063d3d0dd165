"""Single misses and false alarms in an exam's report: a picture of each, and why."""

import math
from collections.abc import Sequence
from html import escape

import numpy as np

from cityloop.exam.chart import series_svg
from cityloop.exam.marking import Finding
from cityloop.exam.reason_tree import ReasonTrees
from cityloop.exam.scene_clip import scene_clip
from cityloop.exam.statements import Episode
from simulators.city.city import City
from simulators.city.incident_classes import incident_classes
from simulators.city.signals import Signals

__all__ = ["false_alarm", "incident_case"]


def incident_case(city: City, until_s: float, finding: Finding, trees: ReasonTrees) -> str:
    """Return what became of one incident: its series or clip, what was said, and what the rules make of it."""
    incident = finding.incident
    kind = incident_classes()[incident.class_name]
    end_s = incident.end_s or until_s
    room_s = max(600.0, (end_s - incident.start_s) * 0.5)
    said = [finding.episode] if finding.episode else []
    picture = scene_clip(city, incident.subject, incident.ideal_s) or _series(
        city,
        incident.subject,
        kind.field,
        (max(0.0, incident.start_s - room_s), min(until_s, end_s + room_s)),
        [(level.value, value) for level, value in kind.levels.items()],
        [(incident.start_s, end_s, f"{incident.class_name} {incident.level}")],
        said,
    )
    span_s = (incident.start_s, end_s)
    why = (
        "".join(_told(one, trees) for one in said)
        if said
        else trees.of_events(
            kind.events, _gravest(city, incident.subject, kind.field, kind.side, span_s)
        )
    )
    return (
        f"<details><summary>{escape(incident.class_name)} at {escape(incident.subject)}, "
        f"{incident.level}, from {incident.start_s:g} s</summary>{picture}{why}</details>"
    )


def false_alarm(city: City, until_s: float, episode: Episode, trees: ReasonTrees) -> str:
    """Return one event that told of nothing: the series or clip around it, and why the rule spoke."""
    group = next((one for one in city.groups if episode.subject in one.subjects), None)
    picture = scene_clip(city, episode.subject, episode.opened_s)
    if group is not None:
        span = (max(0.0, episode.onset_s - 3600.0), min(until_s, episode.opened_s + 3600.0))
        picture = _series(
            city, episode.subject, group.profile.fields[0].name, span, [], [], [episode]
        )
    return (
        f"<details><summary>{escape(episode.event_type)} by {escape(episode.rule)} about "
        f"{escape(episode.subject)}, {episode.peak}, at {episode.opened_s:g} s</summary>"
        f"{picture}{_told(episode, trees)}</details>"
    )


def _series(
    city: City,
    subject: str,
    field: str,
    span_s: tuple[float, float],
    thresholds: Sequence[tuple[str, float]],
    spans: Sequence[tuple[float, float, str]],
    said: Sequence[Episode],
) -> str:
    points: list[tuple[float, float]] = []
    for stretches in Signals(city, span_s[1]):
        for one in stretches:
            if subject in one.group.subjects and field in one.sent:
                column = one.sent[field][:, one.group.subjects.index(subject)]
                points += [
                    (float(at_s), float(value))
                    for at_s, value in zip(one.at_s, column, strict=True)
                    if at_s >= span_s[0] and value == value  # noqa: PLR0124 - NaN: none was sent
                ]
    if len(points) < 2:
        return "<p>Too few readings to draw.</p>"
    marks = [(one.opened_s, f"{one.event_type} {one.peak}") for one in said]
    return series_svg(
        f"{field} of {subject}", points, thresholds=thresholds, spans=spans, marks=marks
    )


def _told(episode: Episode, trees: ReasonTrees) -> str:
    """Return an event's statements, and the tree of the rule's conditions as it opened."""
    causes = "".join(f"<code>{escape(cause)}</code><br>" for cause in episode.causes)
    return causes + (trees.of_rule(episode.rule, episode.values[0]) if episode.values else "")


def _gravest(
    city: City, subject: str, field: str, side: str, span_s: tuple[float, float]
) -> dict[str, float]:
    """Return what a sensor said when the true value was gravest; empty for cameras."""
    found: tuple[float, dict[str, float]] = (-math.inf, {})
    sign = 1.0 if side == "above" else -1.0
    for stretches in Signals(city, span_s[1]):
        for one in stretches:
            if subject not in one.group.subjects or field not in one.true:
                continue
            index = one.group.subjects.index(subject)
            during = np.flatnonzero(one.at_s >= span_s[0])
            if during.size:
                at = during[int(np.argmax(sign * one.true[field][during, index]))]
                height = sign * float(one.true[field][at, index])
                if height > found[0]:
                    sent = {name: float(array[at, index]) for name, array in one.sent.items()}
                    found = (height, sent)
    return found[1]
