"""People who report a city's incidents: planned beforehand, by the seed, from what will be true."""

import math
from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from contracts.event import Title
from contracts.geometry import from_local_m, to_local_m
from simulators.city.camera_truth import CameraTruth
from simulators.city.citizen_declaration import CitizensDeclaration
from simulators.city.citizen_words import citizen_words, slipped, worded
from simulators.city.city import DAY_S, City, stream_of
from simulators.city.incident_truth import Incident, TruthBook
from simulators.city.signals import Signals
from simulators.city.street_map import Spot
from simulators.duration import parse_duration

__all__ = ["CitizenReport", "Matter", "foretold", "matter_of", "plan_reports"]

Matter = tuple[str, str, float]
"""What names an incident among all of a run: class, subject and start."""

_ASTRAY_M = (150.0, 500.0)
_AGAIN_S = (60.0, 1800.0)
"""Who reports again does so within this, seconds."""

_STREET_M = 150.0
"""A street farther off than this nobody names for a place; a choice."""


class CitizenReport(Struct, frozen=True, kw_only=True):
    """One report of one person."""

    at_s: float
    """Second of the scenario at which it is sent."""
    person: str
    matter: Matter | None
    """The incident that is meant; None: there is nothing."""
    class_name: str
    """Of that incident, or what the person believes to see."""
    code: str | None
    """Number of the class that the person chose; None: none, the words must do."""
    lon: float
    lat: float
    text: str
    language: str
    open311: bool
    """Whether it is sent by an Open311 app, else by the city's own."""
    again: bool = False
    """Whether this person has reported the same before."""
    astray: bool = False
    """Whether the place is altogether wrong."""


def matter_of(incident: Incident) -> Matter:
    """Return what names an incident among all of a run."""
    return (incident.class_name, incident.subject, incident.start_s)


def foretold(city: City, until_s: float) -> list[Incident]:
    """Return the incidents that a run will hold, in the order that the run itself gives.

    The world is a function of the seed: it is gone through once without boxes, pictures or rules.
    """
    book = TruthBook(city)
    for stretches in Signals(city, until_s):
        book.add(stretches)
    found = book.incidents()
    for camera in city.cameras:
        truth, drawn = CameraTruth(camera), camera.open()
        for index in range(math.ceil(until_s * camera.fps)):
            at_s = index / camera.fps
            drawn.life.advance(at_s)
            truth.add(at_s, drawn.life.bodies())
        found += truth.incidents()
    return found


def plan_reports(city: City, incidents: Sequence[Incident], until_s: float) -> list[CitizenReport]:
    """Return what people will report, in order of time; nothing where a city has no citizens.

    Args:
        city: the scenario.
        incidents: what will be true.
        until_s: reports after this second are not sent.
    """
    habits = city.citizens
    if habits is None:
        return []
    known = citizen_words().classes
    found: list[CitizenReport] = []
    for incident in incidents:
        if incident.class_name in known and not incident.marginal:
            found += _about(city, habits, incident)
    rng = stream_of(city.seed, "citizens", "mistaken")
    half_m = city.map.extent_m / 2.0
    names = sorted(known)
    for number in range(int(rng.poisson(habits.mistaken_per_day * until_s / DAY_S))):
        east, north = (float(value) for value in rng.uniform(-half_m, half_m, 2))
        if city.streets.streets:
            east, north = _on_a_street(city, rng)
        spot = from_local_m(city.map.centre, (east, north))
        name = names[int(rng.integers(len(names)))]
        at_s = float(rng.uniform(0.0, until_s))
        found.append(_report(city, habits, name, spot, at_s, f"mistaken-{number}", None, rng))
    sent = [one for one in found if one.at_s < until_s]
    return sorted(sent, key=lambda one: (one.at_s, one.person, one.again))


def _about(city: City, habits: CitizensDeclaration, incident: Incident) -> list[CitizenReport]:
    """Return the reports about one incident, whether or not they come before the end."""
    matter = matter_of(incident)
    rng = stream_of(city.seed, "citizens", *(str(part) for part in matter))
    if rng.random() >= habits.share:
        return []
    half_s = parse_duration(habits.late)
    found = []
    for number in range(1 + int(rng.poisson(habits.people - 1.0))):
        delay_s = float(rng.exponential(half_s / math.log(2.0)))
        astray = bool(rng.random() < habits.astray)
        spot = _seen_at(habits, incident, rng, astray=astray)
        person = f"{incident.subject}-{incident.start_s:g}-{number}"
        at_s = round(incident.ideal_s + delay_s, 1)
        first = _report(
            city, habits, incident.class_name, spot, at_s, person, matter, rng, astray=astray
        )
        found.append(first)
        if rng.random() < habits.again:
            later_s = round(at_s + float(rng.uniform(*_AGAIN_S)), 1)
            again = _report(
                city, habits, incident.class_name, spot, later_s, person, matter, rng, astray=astray, again=True
            )  # fmt: skip
            found.append(again)
    return found


def _seen_at(
    habits: CitizensDeclaration, incident: Incident, rng: np.random.Generator, *, astray: bool
) -> tuple[float, float]:
    if astray:
        away_m, bearing = float(rng.uniform(*_ASTRAY_M)), float(rng.uniform(0.0, 2.0 * math.pi))
        offset = (away_m * math.sin(bearing), away_m * math.cos(bearing))
    else:
        east, north = rng.normal(0.0, habits.spread_m, 2) if habits.spread_m else (0.0, 0.0)
        offset = (float(east), float(north))
    return from_local_m((incident.lon, incident.lat), offset)


def _on_a_street(city: City, rng: np.random.Generator) -> Spot:
    """Return a place on some street, drawn evenly over all of them."""
    ends_m = np.cumsum([street.length_m for street in city.streets.streets])
    at_m = float(rng.uniform(0.0, ends_m[-1]))
    number = int(np.searchsorted(ends_m, at_m))
    street = city.streets.streets[number]
    return street.at(at_m - float(ends_m[number]) + street.length_m)


def _street_of(city: City, spot: tuple[float, float]) -> Title | None:
    """Return the names of the street that people would name for a place; None: there is none near."""
    close = city.streets.nearest(to_local_m(city.map.centre, spot), _STREET_M)
    return None if close is None else close[0].names


def _report(
    city: City,
    habits: CitizensDeclaration,
    class_name: str,
    spot: tuple[float, float],
    at_s: float,
    person: str,
    matter: Matter | None,
    rng: np.random.Generator,
    *,
    astray: bool = False,
    again: bool = False,
) -> CitizenReport:

    language = "en" if rng.random() < habits.english else "zh"
    text = worded(class_name, language, rng, _street_of(city, spot))
    if rng.random() < habits.typos:
        text = slipped(text, rng)
    unclassed = bool(rng.random() < habits.unclassed)
    return CitizenReport(
        at_s=at_s,
        person=person,
        matter=matter,
        class_name=class_name,
        code=None if unclassed else citizen_words().classes[class_name].code,
        lon=round(spot[0], 6),
        lat=round(spot[1], 6),
        text=text,
        language=language,
        # GeoReport asks for a class
        open311=bool(rng.random() < 0.5) and not unclassed,
        again=again,
        astray=astray,
    )
