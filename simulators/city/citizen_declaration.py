"""``citizens`` of a scenario: people who report what they see, late, twice, or in the wrong place."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["CitizensDeclaration"]

Duration = Annotated[str, Meta(min_length=1, max_length=16)]
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class CitizensDeclaration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How people report the scenario's incidents; everything is drawn by the seed."""

    share: Share = 0.6
    """Share of incidents that anybody reports; default 0.6."""
    people: Annotated[float, Meta(ge=1.0, le=50.0)] = 2.0
    """How many people report one of those, on average; default 2."""
    late: Duration = "10m"
    """Half of the reports come later than this after one may be sure; default 10m."""
    spread_m: Annotated[float, Meta(ge=0.0, le=100.0)] = 10.0
    """Standard deviation of a reported place each way, metres; default 10."""
    astray: Share = 0.08
    """Share of reports in the wrong place altogether, 150 to 500 m away; default 0.08."""
    again: Share = 0.15
    """Share of people who report the same once more; default 0.15."""
    english: Share = 0.3
    """Share of reports in English; the others are in Chinese; default 0.3."""
    typos: Share = 0.3
    """Share of reports with slips of the pen; default 0.3."""
    unclassed: Share = 0.0
    """Share of reports that name no class and leave it to the words; default 0."""
    mistaken_per_day: Annotated[float, Meta(ge=0.0, le=10_000.0)] = 0.0
    """Reports of what is not there, a day; default 0."""
