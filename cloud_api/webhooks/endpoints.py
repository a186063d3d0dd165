"""Endpoints: who is told of which changes, as Standard Webhooks that carry CloudEvents."""

import os
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from cloud_api.errors import ApiError
from contracts.envelope import Id
from contracts.levels import Level
from runtime.errors import Permanent
from runtime.webhook_signature import webhook_keys

__all__ = ["Endpoint", "EndpointError", "Topic", "endpoint_secrets"]


class EndpointError(ApiError, Permanent):
    """An endpoint's secret is absent, or its name stands twice."""


class Topic(StrEnum):
    """What a webhook is about."""

    EVENT = "event"
    """Each revision of an event, an ``event.v1``."""
    CASE = "case"
    """Each entry of a case's log."""
    REPORT = "report"
    """Each change of a case with reports of people: a GeoReport request for each report."""


class Endpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One subscriber."""

    id: Id
    """Name. No default."""
    url: Annotated[str, Meta(pattern=r"^https?://")]
    """Address. No default."""
    secret_env: str
    """Environment variable with the signing secrets (``whsec_...``, one a line). No default."""
    topics: tuple[Topic, ...] = (Topic.EVENT, Topic.CASE)
    """What is sent. Default events and cases."""
    districts: tuple[Id, ...] = ()
    """Of which districts. Default all."""
    event_types: tuple[str, ...] = ()
    """Events of which types, ``*`` for any characters. Default all."""
    levels: tuple[Level, ...] = (Level.BLUE, Level.YELLOW, Level.RED)
    """Events of which levels. Default all."""
    timeout_s: Annotated[float, Meta(gt=0.0)] = 15.0
    """Longest wait for an answer, in real seconds. Default 15."""
    retry_base_s: Annotated[float, Meta(gt=0.0)] = 5.0
    """Ceiling of the first pause after a failure, in seconds; it doubles each time. Default 5."""
    retry_cap_s: Annotated[float, Meta(gt=0.0)] = 3600.0
    """Highest ceiling of a pause, in seconds. Default 3600."""


def endpoint_secrets(endpoint: Endpoint) -> tuple[bytes, ...]:
    """Return the secrets that sign for an endpoint, the newest first.

    Raises:
        EndpointError: the variable is unset, or holds no secret.
    """
    try:
        return webhook_keys(
            os.environ.get(endpoint.secret_env, ""), f"environment variable {endpoint.secret_env}"
        )
    except ValueError as error:
        raise EndpointError(f"webhook {endpoint.id}: {error}") from error
