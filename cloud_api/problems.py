"""Problem details (RFC 9457): how an error looks on the wire, and the list of all of them."""

import msgspec
from starlette.responses import Response

from cloud_api import errors
from cloud_api.errors import Problem

__all__ = ["MEDIA_TYPE", "PROBLEMS", "problem_object", "problem_response", "problem_type"]

MEDIA_TYPE = "application/problem+json"

_PREFIX = "urn:cityloop:problem:"

PROBLEMS: tuple[type[Problem], ...] = (
    errors.Unauthenticated,
    errors.Forbidden,
    errors.NotFound,
    errors.MethodNotAllowed,
    errors.MalformedJson,
    errors.InvalidInput,
    errors.BodyTooLarge,
    errors.RequestTimeout,
    errors.UnsupportedMedia,
    errors.EventConflict,
    errors.IllegalMove,
    errors.CaseClosed,
    errors.MoveIncomplete,
    errors.ModelConflict,
    errors.SelfApproval,
    errors.ProposalSettled,
    errors.TrialTooLong,
    errors.VersionMismatch,
    errors.HashMismatch,
    errors.ProviderUnavailable,
    errors.RateLimited,
    errors.HubUnavailable,
    errors.TrialsBusy,
    errors.ToolMissing,
    errors.IntakeFull,
    errors.StreamFull,
    errors.StoreUnavailable,
    errors.EvidenceFull,
    errors.EvidenceBroken,
    errors.InternalFault,
)
"""Every problem that the API answers with; docs/cloud_api.md lists the same slugs."""


def problem_type(slug: str) -> str:
    """Return the ``type`` member for a slug."""
    return _PREFIX + slug


def problem_object(problem: Problem, instance: str | None = None) -> dict[str, object]:
    """Return a problem as the object that is sent; ``instance`` is the request's path."""
    sent: dict[str, object] = {
        "type": problem_type(problem.slug),
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
    }
    if instance is not None:
        sent["instance"] = instance
    return sent | problem.members


def problem_response(problem: Problem, instance: str) -> Response:
    """Return the HTTP answer for a problem."""
    return Response(
        msgspec.json.encode(problem_object(problem, instance)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=problem.headers,
    )
