"""The shape of a pack's tables of places, and of signals, as written."""

from typing import Annotated

import msgspec

from rules.operator_declaration import Declared

__all__ = ["PlacesDeclaration", "SignalDeclaration"]


class PlacesDeclaration(Declared, frozen=True, kw_only=True):
    """One of ``places``: values that differ from place to place, looked up by key."""

    key: str
    """Key name whose values the rows are found by, like subject."""
    columns: dict[str, str] = {}
    """Columns beside the key, lon and lat: the unit of each, or number, flag or text. Default none."""
    csv: str | None = None
    """The rows as lines of comma-separated values under a line of column names; this or ``rows``."""
    rows: dict[str, dict[str, float | int | str | bool]] | None = None
    """The rows by key value, each with its columns; this or ``csv``."""
    file: str | None = None
    """The rows in a file beside the pack, or in a folder there: .csv, .yaml or .geojson; this or ``csv``."""


class SignalDeclaration(Declared, frozen=True, kw_only=True):
    """One of ``signals``: what several sensors, or a stream, say about a key at this time."""

    of: str
    """What each member says: an expression over the fields of what is watched."""
    profile: str | None = None
    """Device profile of the members; this or ``stream``."""
    stream: str | None = None
    """tracks, counts or observations; this or ``profile``."""
    class_: str | list[str] = msgspec.field(default_factory=list, name="class")
    """Detector labels; default any. For tracks and observations."""
    zone_kind: str | list[str] = []
    """Kinds of zone; default any."""
    kind: str | list[str] = []
    """Kinds of observation; default any."""
    subject: str | list[str] = []
    """Sensors or cameras; default any."""
    site: str | list[str] = []
    """Sites; default any."""
    district: str | list[str] = []
    """Districts; default any."""
    near: str | None = None
    """Members are what lies so near to the key's place, like 300m; default those that have the key."""
    inside: str | None = None
    """Table of areas: members are what lies in the key's area; default those that have the key."""
    take: str = "newest"
    """max, min, mean, median, sum, count or newest of what the members say; default newest."""
    fresh: str | None = None
    """For how long a member's value counts; default 2.5 cadences of the profile, 20s for a stream."""
    min_members: Annotated[int, msgspec.Meta(ge=1, le=256)] = 1
    """With fewer members that say something the signal is unknown; default 1."""
