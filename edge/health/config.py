"""Configuration of what a box shows on its own machine, and of how it keeps itself well."""

from typing import Annotated

from msgspec import Meta, Struct

from runtime.mqtt_client import Port

__all__ = ["GuardConfig", "LocalConfig"]

Positive = Annotated[float, Meta(gt=0.0)]
Degrees = Annotated[float, Meta(ge=0.0, le=120.0)]


class LocalConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Figures and previews for people and monitoring, over HTTP on this machine."""

    host: str = "127.0.0.1"
    """Address to listen on. Figures need no login: keep it on this machine. Default: this machine."""
    port: Port = 9464
    """Port of ``/metrics``, ``/healthz`` and ``/preview``. Default: 9464."""
    preview_password_file: str | None = None
    """File with the password of user ``preview``, relative to the configuration file. Without a
    password there is no preview. Default: none."""
    preview_password_env: str | None = None
    """Or: environment variable with it. Default: none."""
    preview_every_s: Positive = 1.0
    """Least seconds between two preview pictures of a camera. Default: 1 s."""


class GuardConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the box gives up, in which order, before heat or a full disk stops it."""

    heat_limit_c: Degrees = 85.0
    """Temperature (degrees Celsius) of the hottest zone above which less is looked at.
    Default: 85."""
    heat_after_s: Positive = 10.0
    """Seconds above the limit before each step down. Default: 10 s."""
    heat_recover_s: Positive = 120.0
    """Seconds below the limit, by 8 degrees or more, before each step up. Default: 120 s."""
    disk_free_bytes: Annotated[int, Meta(ge=0)] = 200_000_000
    """Free space that is kept on the disks of outbox and evidence: below, pictures go; below a half,
    tracks too; below a quarter, counts too. Default: 200 MB."""
