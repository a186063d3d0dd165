"""Errors of the API; each is also a problem (RFC 9457) with a stable slug.

ApiError
├── Problem                    what a caller is told: slug, detail, further members
│   ├── Unauthenticated        401  no key, or one that is unknown or revoked
│   ├── Forbidden              403  the key's role may not do this
│   ├── NotFound               404  no such event, case, evidence or path
│   ├── MethodNotAllowed       405  the path exists, the method does not
│   ├── MalformedJson          400  the body is no JSON
│   ├── InvalidInput           422  a field or parameter breaks its constraint
│   ├── BodyTooLarge           413  more bytes than the limit
│   ├── RequestTimeout         408  the body did not arrive in time
│   ├── UnsupportedMedia       415  a media type or content coding that is not taken
│   ├── EventConflict          409  the same event_id and rev with different content
│   ├── IllegalMove            409  the flow has no such move; the legal ones are listed
│   ├── CaseClosed             409  the case takes no such action in its state
│   ├── MoveIncomplete         422  the move is legal, but something that it needs is missing
│   ├── ModelConflict          409  a version of a model exists otherwise, or a rollout names it
│   ├── SelfApproval           409  who proposed something cannot be the second person
│   ├── ProposalSettled        409  the proposal was decided, or another one took its place
│   ├── TrialTooLong           422  a trial took more time or memory than it may
│   ├── VersionMismatch        412  somebody else changed the case meanwhile
│   ├── HashMismatch           422  the bytes are not those that the path names
│   ├── ProviderUnavailable    502  (transient) the OpenID provider does not answer
│   ├── RateLimited            429  (transient) too many requests or failed logins
│   ├── HubUnavailable         503  (transient) the hub is not connected, or none is configured
│   ├── TrialsBusy             503  (transient) as many trials run as are allowed
│   ├── ToolMissing            501  a part of the program that a trial needs is not installed here
│   ├── IntakeFull             503  (transient) the intake queue is full
│   ├── StreamFull             503  (transient) as many listeners as are allowed
│   ├── StoreUnavailable       503  (transient) the database does not answer
│   ├── EvidenceBroken         500  a stored picture or clip is not what was stored
│   ├── EvidenceFull           507  (transient) the evidence budget or disk is used up
│   └── InternalFault          500  a defect of ours
├── FlowError                  (permanent) a flow file contradicts itself
├── ProfileError               (permanent) a city profile's file contradicts itself
├── AnchorUnavailable          (transient) a place for signed heads of the audit log does not answer
├── AuditBroken                (permanent) what is kept there is no list of heads
├── ConsoleNotBuilt            (permanent) the console's pages cannot be built
├── MigrationError             (permanent) the database is of a newer version
└── ProjectionError            (permanent) the log holds a record that cannot be applied

Permanent unless marked: the same request fails the same way until somebody changes something.
"""

from typing import ClassVar

from runtime.errors import Permanent, Transient

__all__ = [
    "AnchorUnavailable",
    "ApiError",
    "AuditBroken",
    "BodyTooLarge",
    "CaseClosed",
    "ConsoleNotBuilt",
    "EventConflict",
    "EvidenceBroken",
    "EvidenceFull",
    "FlowError",
    "Forbidden",
    "HashMismatch",
    "HubUnavailable",
    "IllegalMove",
    "IntakeFull",
    "InternalFault",
    "InvalidInput",
    "MalformedJson",
    "MethodNotAllowed",
    "MigrationError",
    "ModelConflict",
    "MoveIncomplete",
    "NotFound",
    "Problem",
    "ProfileError",
    "ProjectionError",
    "ProposalSettled",
    "ProviderUnavailable",
    "RateLimited",
    "RequestTimeout",
    "SelfApproval",
    "StoreUnavailable",
    "StreamFull",
    "ToolMissing",
    "TrialTooLong",
    "TrialsBusy",
    "Unauthenticated",
    "UnsupportedMedia",
    "VersionMismatch",
]


class ApiError(Exception):
    """Base of every error of this package."""


class Problem(ApiError):
    """Something that a caller is told as ``application/problem+json``.

    Attributes:
        slug: stable last part of the problem's ``type``; documented in docs/cloud_api.md.
        status: HTTP status code.
        title: the same for every occurrence of a slug.
        detail: what happened, to which object, what was expected, what to do.
        members: further members of the problem object, such as ``legal_moves``.
    """

    slug: ClassVar[str] = "problem"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Problem"

    def __init__(
        self,
        detail: str,
        *,
        members: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members or {}
        self.headers = headers or {}


class Unauthenticated(Problem, Permanent):
    """No key, or one that is unknown or revoked."""

    slug, status, title = "unauthenticated", 401, "A valid API key is required"


class Forbidden(Problem, Permanent):
    """The key's role may not do this."""

    slug, status, title = "forbidden", 403, "This role may not do this"


class NotFound(Problem, Permanent):
    """No such event, case, evidence or path."""

    slug, status, title = "not-found", 404, "There is no such thing"


class MethodNotAllowed(Problem, Permanent):
    """The path exists, the method does not."""

    slug, status, title = "method-not-allowed", 405, "This path does not take this method"


class MalformedJson(Problem, Permanent):
    """The body is no JSON."""

    slug, status, title = "malformed-json", 400, "The body is not JSON"


class InvalidInput(Problem, Permanent):
    """A field or parameter breaks its constraint."""

    slug, status, title = "invalid-input", 422, "A field or parameter is not acceptable"


class BodyTooLarge(Problem, Permanent):
    """More bytes than the limit."""

    slug, status, title = "body-too-large", 413, "The body is too large"


class RequestTimeout(Problem, Transient):
    """The body did not arrive in time."""

    slug, status, title = "request-timeout", 408, "The body took too long"


class UnsupportedMedia(Problem, Permanent):
    """A media type or content coding that is not taken."""

    slug, status, title = "unsupported-media-type", 415, "This media type is not taken"


class EventConflict(Problem, Permanent):
    """The same event_id and rev was posted before with different content."""

    slug, status, title = "event-conflict", 409, "This revision exists with different content"


class IllegalMove(Problem, Permanent):
    """The flow has no such move from the case's state."""

    slug, status, title = "illegal-move", 409, "The case cannot move there from its state"


class CaseClosed(Problem, Permanent):
    """The case takes no such action in its state."""

    slug, status, title = "case-closed", 409, "The case takes no such action any more"


class MoveIncomplete(Problem, Permanent):
    """The move is legal, but something that it needs is missing."""

    slug, status, title = "move-incomplete", 422, "The move needs more than was given"


class ModelConflict(Problem, Permanent):
    """A version of a model exists otherwise, or where it stands forbids what is asked."""

    slug, status, title = "model-conflict", 409, "The model's versions do not allow that"


class VersionMismatch(Problem, Permanent):
    """Somebody else changed the case meanwhile."""

    slug, status, title = "version-mismatch", 412, "The case has changed meanwhile"


class HashMismatch(Problem, Permanent):
    """The bytes are not those that the path names."""

    slug, status, title = "hash-mismatch", 422, "The bytes do not have this SHA-256"


class ProviderUnavailable(Problem, Transient):
    """The OpenID provider does not answer, or not with what it should."""

    slug, status, title = "provider-unavailable", 502, "The OpenID provider does not answer"


class RateLimited(Problem, Transient):
    """Too many requests, or too many failed logins."""

    slug, status, title = "rate-limited", 429, "Too many requests"


class SelfApproval(Problem, Permanent):
    """Who proposed something cannot be the second person who approves it."""

    slug, status, title = "self-approval", 409, "Somebody else has to approve this"


class ProposalSettled(Problem, Permanent):
    """The proposal was decided, or what it changes has changed meanwhile."""

    slug, status, title = "proposal-settled", 409, "The proposal is settled"


class TrialTooLong(Problem, Permanent):
    """A trial took more time or memory than it may."""

    slug, status, title = "trial-too-long", 422, "The trial takes too much"


class TrialsBusy(Problem, Transient):
    """As many trials run as are allowed."""

    slug, status, title = "trials-busy", 503, "Too many trials are running"


class ToolMissing(Problem, Permanent):
    """A part of the program that a trial needs is not installed here."""

    slug, status, title = "tool-missing", 501, "A part of the program is not installed here"


class HubUnavailable(Problem, Transient):
    """The hub is not connected, or none is configured."""

    slug, status, title = "hub-unavailable", 503, "The hub is not connected"


class IntakeFull(Problem, Transient):
    """The intake queue is full."""

    slug, status, title = "intake-full", 503, "Too many events are waiting to be stored"


class StreamFull(Problem, Transient):
    """As many listeners as are allowed."""

    slug, status, title = "stream-full", 503, "Too many listeners"


class StoreUnavailable(Problem, Transient):
    """The database does not answer."""

    slug, status, title = "store-unavailable", 503, "The database does not answer"


class EvidenceFull(Problem, Transient):
    """The evidence budget or the disk is used up."""

    slug, status, title = "evidence-full", 507, "There is no room for more evidence"


class EvidenceBroken(Problem, Permanent):
    """A stored picture or clip is not what was stored."""

    slug, status, title = "evidence-broken", 500, "The stored evidence was changed"


class InternalFault(Problem, Permanent):
    """A defect of ours."""

    slug, status, title = "internal-fault", 500, "The server failed"


class ConsoleNotBuilt(ApiError, Permanent):
    """The console's pages cannot be built."""


class FlowError(ApiError, Permanent):
    """A flow file contradicts itself."""


class ProfileError(ApiError, Permanent):
    """A file of a city profile, or a table that somebody brings, contradicts itself."""


class AnchorUnavailable(ApiError, Transient):
    """A place outside the database where signed heads of the audit log are kept does not answer."""


class AuditBroken(ApiError, Permanent):
    """What is kept as heads of the audit log is none."""


class MigrationError(ApiError, Permanent):
    """The database is of a version that this program does not know."""


class ProjectionError(ApiError, Permanent):
    """The log holds a record that cannot be applied to the case as it stands."""
