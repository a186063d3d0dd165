"""Configuration of what a box notices about its own seeing."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Ratio

__all__ = ["SecondLookConfig"]


class SecondLookConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which pictures the box offers for review, and when it calls its findings changed."""

    path: str = "reviews"
    """Folder of what waits to be sent, relative to the configuration file. Default: reviews."""
    budget_bytes: Annotated[int, Meta(ge=10_000)] = 20_000_000
    """Most bytes of pictures in 24 hours, of all cameras together. Default: 20 MB."""
    gap_s: Annotated[float, Meta(gt=0.0)] = 600.0
    """Least seconds between two pictures of one camera for one reason. Default: 10 minutes."""
    unsure_from: Ratio = 0.3
    """Confidence (0..1) from which a finding is too strong to be nothing. Default: 0.3."""
    unsure_to: Ratio = 0.5
    """Confidence (0..1) from which it is sure. Default: 0.5."""
    flickers: Annotated[int, Meta(ge=2)] = 4
    """How often a thing comes and goes until it is called flickering. Default: 4."""
    drift_findings: Annotated[int, Meta(ge=50)] = 500
    """Findings, one a second at most of each thing, that are compared with the first as many. Default:
    500."""
