"""What the engine is fed: one subject's values at one moment, whatever message they came in."""

from datetime import datetime

from msgspec import Struct

from contracts.envelope import Discovery, Evidence, Place

__all__ = ["Sample"]


class Sample(Struct, frozen=True, kw_only=True):
    """The values of one subject at one moment.

    ``stream`` is readings, tracks, counts or observations; ``at`` is event time in seconds since
    1970 UTC. Which names may appear in ``keys`` and ``fields`` is declared in
    :mod:`rules.vocabulary`; a rule reads no others. Numbers are floats in the base unit of their
    field; a NaN or an absent field is unknown. One message becomes

    * readings: one sample per subject and moment; ``profile`` is set;
    * tracks: one per track and zone it dwells in (a track outside every zone: one without zone);
    * counts: one per zone and one per line;
    * observations: one, with ``ended`` set in phase end.
    """

    stream: str
    profile: str | None = None
    """Device profile of a reading; None for the other streams."""
    subject: str
    at: float
    keys: dict[str, str]
    fields: dict[str, float | bool | str]
    ended: bool = False
    """The subject is gone: a track was lost, an observation is over."""
    place: Place | None = None
    evidence: tuple[Evidence, ...] = ()
    discovery: Discovery = Discovery.AUTOMATIC
    message: str | None = None
    """Which message decided: box/boot/channel/seq."""
    sent_at: datetime | None = None
    offset: int | None = None
    """Journal offset of the message."""
