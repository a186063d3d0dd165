"""Where the API finds the curves behind events."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["CurveConfig"]


class CurveConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A gateway's read API (``metrics`` of its configuration)."""

    url: Annotated[str, Meta(pattern=r"^https?://")]
    """Address, such as ``http://127.0.0.1:9464``. No default."""
    key_file: str | None = None
    """File with its ``metrics.api_key_file`` key. Default none: it listens on this machine only."""
    timeout_s: Annotated[float, Meta(gt=0.0)] = 3.0
    """Longest wait for an answer, in seconds; then the values of the revisions are shown. Default 3."""
