"""Reports of people: handing one in, following it by its code, saying whether one is satisfied."""

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from cloud_api.access import Gate, Require, Sees
from cloud_api.answer_language import answer_language
from cloud_api.case_opening import Deed
from cloud_api.citizens.outcome import Outcome, case_of_order, outcome_of
from cloud_api.citizens.reports import Report
from cloud_api.errors import (
    BodyTooLarge,
    CaseClosed,
    Forbidden,
    InvalidInput,
    MalformedJson,
    MoveIncomplete,
    NotFound,
    RateLimited,
    StoreUnavailable,
    Unauthenticated,
)
from cloud_api.instants import from_us
from cloud_api.keys import Identity, Role
from cloud_api.notices.plan import Language
from cloud_api.orders.ledger import OrderRecord
from cloud_api.orders.order import subject_of
from cloud_api.routes.acting import Id, Sha256, Text
from cloud_api.routes.answers import documented
from cloud_api.services import Services
from contracts.envelope import Place

__all__ = ["POST_REPORTS", "citizens_router"]

POST_REPORTS = frozenset({Role.APP, Role.OPERATOR, Role.ADMIN})

Channel = Literal[
    "web",
    "app",
    "mini-program",
    "phone",
    "wechat",
    "weibo",
    "mailbox",
    "terminal",
    "proxy",
    "other",
]
Code = Annotated[str, Path(max_length=40, description="Tracking code 查询码.")]
Languages = Annotated[
    str | None, Header(description="The language of `answer`: zh or en; else that of the report.")
]
Answer = Literal["none", "message", "call"]
_Line = Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")]


class ContactBody(BaseModel):
    """How the reporter is reached; every field may be left out."""

    model_config = ConfigDict(extra="forbid")
    name: _Line | None = None
    phone: Annotated[str | None, Field(max_length=40, pattern=r"^[+0-9 ()-]*$")] = None
    email: Annotated[str | None, Field(max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")] = None


class ReportBody(BaseModel):
    """What somebody reports 上报."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "service_code": "2-04-06",
                "lon": 114.0591,
                "lat": 22.5462,
                "text": "路口积水，约三十厘米",
                "channel": "phone",
                "contact": {"phone": "+86 138 0000 0000"},
                "language": "zh",
            }
        },
    )
    service_code: Annotated[str | None, Field(max_length=64)] = Field(
        default=None,
        description="Class of the code table: GET /v1/classes. Without one, the words are read.",
    )
    channel: Channel = "web"
    lon: Annotated[float | None, Field(ge=-180, le=180)] = Field(default=None, description="WGS 84")
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    address: _Line = ""
    district: Id | None = None
    text: Text = ""
    contact: ContactBody = ContactBody()
    language: Literal["zh", "en"] | None = None
    pictures: Annotated[list[Sha256], Field(max_length=10)] = Field(
        default=[], description="SHA-256 of pictures that PUT /v1/evidence has stored."
    )
    on_behalf: _Line | None = Field(
        default=None,
        description="Who took it down for somebody else 代办: a desk, a post; no name.",
    )
    answer: Answer = Field(
        default="message",
        description="How the reporter wants to hear of it: not at all, by messages, or by a call too.",
    )


class ReportedView(BaseModel):
    """A report that is stored, and the code to follow it."""

    order_id: str
    tracking_code: str = Field(description="Shown only now; whoever has it may follow the report.")
    new: bool = Field(description="False: the same Idempotency-Key was used before.")


class PassageView(BaseModel):
    """One step of a matter."""

    state: str
    zh: str
    en: str
    at: datetime


class TrackedView(BaseModel):
    """How a report stands."""

    title: dict[str, str]
    reported_at: datetime
    status: Literal["received", "open", "closed", "declined"]
    case_number: str | None
    merged_into: str | None = Field(description="Number of the case with which it is handled 并案.")
    department: dict[str, str] | None
    passages: list[PassageView]
    answer: str = Field(
        description="How it ended: in the words of who ended it; what the system did by itself in the language of Content-Language."
    )
    may_rate: bool
    satisfied: bool | None


class RatingBody(BaseModel):
    """Satisfied or not; without a reason nobody can do better."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"satisfied": False, "reason": "水又积起来了"}},
    )
    satisfied: bool
    reason: Text = ""


class WithdrawnView(BaseModel):
    """Whether there was anything personal to destroy."""

    withdrawn: bool


def citizens_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes for reports of people."""
    router = APIRouter(tags=["citizens"])
    sender = Annotated[Identity, Depends(Require(services.callers, POST_REPORTS, sees=Sees.COMMON))]
    desk = services.reports
    departments = {each.id: each for each in services.config.departments}

    @router.post(
        "/v1/reports",
        summary="Hand in a report of somebody",
        status_code=201,
        responses=documented(
            MalformedJson,
            Unauthenticated,
            Forbidden,
            BodyTooLarge,
            InvalidInput,
            StoreUnavailable,
        ),
    )
    def report(
        body: ReportBody,
        caller: sender,
        idempotency_key: Annotated[
            str | None, Header(max_length=100, pattern=r"^[\x21-\x7e]+$")
        ] = None,
    ) -> ReportedView:
        """Store a report; it becomes a case that waits for its first check 核实."""
        if (body.lon is None) != (body.lat is None):
            raise InvalidInput("place: give both lon and lat, or neither")
        contact = {kind: text for kind, text in body.contact.model_dump().items() if text}
        found = Report(
            service_code=body.service_code,
            channel=body.channel,
            place=None
            if body.lon is None or body.lat is None
            else Place(lon=body.lon, lat=body.lat),
            district=body.district,
            text=body.text,
            address=body.address,
            contact=contact,
            language=body.language,
            pictures=tuple(body.pictures),
            on_behalf=body.on_behalf,
            answer=body.answer,
        )
        once = f"{caller.key_id}:{idempotency_key}" if idempotency_key else uuid.uuid4().hex
        taken = desk.take(found, once=once, now=services.clock.now())
        return ReportedView(order_id=taken.order_id, tracking_code=taken.code, new=taken.new)

    @router.get(
        "/v1/track/{token}",
        dependencies=[Depends(gate.visitor)],
        summary="Follow a report by its code",
        responses=documented(NotFound, InvalidInput, RateLimited, StoreUnavailable),
    )
    def track(token: Code, response: Response, accept_language: Languages = None) -> TrackedView:
        """Return how a report stands; no login, the code is the proof."""
        record = desk.find(token)
        language = _language(record, accept_language, response)
        return _tracked(services, record, departments, language)

    @router.post(
        "/v1/track/{token}/rating",
        dependencies=[Depends(gate.visitor)],
        summary="Say whether one is satisfied",
        responses=documented(
            MalformedJson,
            NotFound,
            CaseClosed,
            BodyTooLarge,
            MoveIncomplete,
            InvalidInput,
            RateLimited,
            StoreUnavailable,
        ),
    )
    def rate(
        token: Code, body: RatingBody, response: Response, accept_language: Languages = None
    ) -> TrackedView:
        """Note satisfied 满意 or not 不满意; unsatisfied, with a reason, reopens the case within its window."""
        record = desk.find(token)
        outcome = _outcome(services, record)
        if outcome is None or not outcome.ended:
            raise CaseClosed("the matter has not ended yet; there is nothing to rate")
        deed = Deed(outcome.leading.case_id, "reporter", services.clock.now())
        services.work.visit(deed, satisfied=body.satisfied, channel="tracking", answer=body.reason)
        services.metrics.case_records.labels("visit").inc()
        language = _language(record, accept_language, response)
        return _tracked(services, record, departments, language)

    @router.post(
        "/v1/track/{token}/withdraw",
        dependencies=[Depends(gate.visitor)],
        summary="Withdraw what one has said about oneself",
        responses=documented(NotFound, InvalidInput, RateLimited, StoreUnavailable),
    )
    def withdraw(token: Code) -> WithdrawnView:
        """Destroy the key of words, address and contact; the matter itself goes on."""
        record = desk.find(token)
        done = services.vault.shred(subject_of(record.order_id), services.clock.now())
        return WithdrawnView(withdrawn=done)

    return router


def _outcome(services: Services, record: OrderRecord) -> Outcome | None:
    with services.store.read() as connection:
        case = case_of_order(connection, record.order_id)
        return None if case is None else outcome_of(connection, case, services.flows)


def _language(record: OrderRecord, accept_language: str | None, response: Response) -> Language:
    """Return the language of an answer: the header's, else the report's own, else English; note it in the answer."""
    language = answer_language(accept_language, Language(record.order.language or Language.EN))
    response.headers["Content-Language"] = language.value
    response.headers["Vary"] = "Accept-Language"
    return language


def _tracked(
    services: Services, record: OrderRecord, departments: dict[str, Any], language: Language
) -> TrackedView:
    outcome = _outcome(services, record)
    title = {"zh": record.order.title.zh, "en": record.order.title.en}
    if outcome is None:
        return TrackedView(
            title=title,
            reported_at=record.order.reported_at,
            status="received",
            case_number=None,
            merged_into=None,
            department=None,
            passages=[],
            answer="",
            may_rate=False,
            satisfied=None,
        )
    leading = outcome.leading
    department = departments.get(leading.department or "")
    states = services.flows.of(leading.flow).spec.states
    ended: Literal["closed", "declined"] = "declined" if leading.state == "void" else "closed"
    return TrackedView(
        title=title,
        reported_at=record.order.reported_at,
        status="open" if outcome.open else ended,
        case_number=outcome.case.number,
        merged_into=None if leading is outcome.case else leading.number,
        department=None if department is None else {"zh": department.zh, "en": department.en},
        passages=[
            PassageView(
                state=each.state.value,
                zh=states[each.state].zh if each.state in states else each.state.value,
                en=states[each.state].en if each.state in states else each.state.value,
                at=from_us(each.at_us),
            )
            for each in outcome.passages
        ],
        answer=outcome.answer(language),
        may_rate=outcome.ended,
        satisfied=leading.satisfied,
    )
