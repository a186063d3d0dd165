"""Sources of orders: which systems are joined, how they prove themselves, and how they are asked."""

import os
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from cloud_api.orders.errors import MappingError
from cloud_api.orders.golden import check_mapping
from cloud_api.orders.mapping import OrderMapping, load_mapping, mapping_path
from runtime.webhook_signature import webhook_keys

__all__ = ["JoinedSource", "OrderSource", "join_source"]


class OrderSource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One system that is joined; ``POST /v1/orders/{mapping}`` takes its orders."""

    mapping: str
    """Mapping: one of cloud_api/orders/mappings, or a path to one of yours. No default."""
    secret_env: str | None = None
    """Environment variable with the secrets (``whsec_...``) of its webhooks. Default none: it needs a key."""
    url: str | None = None
    """Address that is asked for documents. Default none: the system sends them itself."""
    token_env: str | None = None
    """Environment variable with the bearer token for that address. Default none."""
    every_s: Annotated[float, Meta(ge=1.0)] = 60.0
    """Pause between questions, in real seconds. Default 60."""
    timeout_s: Annotated[float, Meta(gt=0.0)] = 10.0
    """Longest wait for an answer, in real seconds. Default 10."""


class JoinedSource:
    """A source with its mapping, which has proved itself, and the secrets that are valid."""

    def __init__(
        self, source: OrderSource, mapping: OrderMapping, secrets: tuple[bytes, ...]
    ) -> None:
        self.source = source
        self.mapping = mapping
        self.secrets = secrets


def join_source(source: OrderSource) -> JoinedSource:
    """Return a source that is ready.

    Raises:
        ConfigError, MappingError: its mapping cannot be read, does not prove itself, or a secret is absent.
    """
    path: Path = mapping_path(source.mapping)
    mapping = load_mapping(path)
    faults = check_mapping(mapping)
    if faults:
        raise MappingError(f"{path}: {faults[0]}; see `orders check`")
    secrets: tuple[bytes, ...] = ()
    if source.secret_env is not None:
        try:
            secrets = webhook_keys(
                os.environ.get(source.secret_env, ""), f"environment variable {source.secret_env}"
            )
        except ValueError as error:
            raise MappingError(f"source {mapping.mapping}: {error}") from error
    if source.token_env is not None and not os.environ.get(source.token_env):
        raise MappingError(
            f"source {mapping.mapping}: environment variable {source.token_env} is unset; it holds "
            "the token for the polled address"
        )
    return JoinedSource(source, mapping, secrets)
