"""What trials may cost, and where the data is that rules are tried on."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["TrialConfig"]


class TrialConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Trying out rules and zones before they are in force."""

    data: str | None = None
    """What was stored and rules are tried on: a gateway's ``state_dir`` on this machine, or streams of a
    NATS server as ``nats://host:port/READINGS,OBSERVATIONS``. Default none: tables must be uploaded."""
    timeout_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 120.0
    """Longest a trial may take, in real seconds. Default 120."""
    at_once: Annotated[int, Meta(ge=1, le=64)] = 2
    """Trials that run at a time; more are refused with 503. Default 2."""
    memory_bytes: Annotated[int, Meta(ge=268_435_456)] = 2_147_483_648
    """Most memory of one trial, in bytes. Default 2 GiB."""
