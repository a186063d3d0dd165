"""What the citizens' page asks: what can be reported, and a report with its pictures, without a key."""

import base64
import hashlib
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from cloud_api.access import Gate
from cloud_api.citizens.reports import Report
from cloud_api.errors import (
    BodyTooLarge,
    EvidenceFull,
    Forbidden,
    InvalidInput,
    MalformedJson,
    RateLimited,
    StoreUnavailable,
    UnsupportedMedia,
)
from cloud_api.media import check_media_type
from cloud_api.routes.acting import Text
from cloud_api.routes.answers import documented
from cloud_api.routes.citizens import ContactBody, ReportedView
from cloud_api.services import Services
from contracts.envelope import Place

__all__ = ["citizen_page_router"]

_SENDER = "citizens' page"
"""Who is noted as the sender of the pictures."""

_PICTURE_CHARACTERS = 2_800_000
"""Longest picture in base64: two megabytes. The page makes pictures smaller before it sends them."""


class ServiceView(BaseModel):
    """A class that can be reported."""

    code: str
    zh: str
    en: str


class CitizenServicesView(BaseModel):
    """Whether the page takes reports, and of what."""

    open: bool = Field(description="False: this API takes no reports without a key.")
    services: list[ServiceView]


class PictureBody(BaseModel):
    """One picture."""

    model_config = ConfigDict(extra="forbid")
    media_type: Literal["image/jpeg", "image/png"]
    base64: Annotated[str, Field(min_length=4, max_length=_PICTURE_CHARACTERS)]


class CitizenReportBody(BaseModel):
    """What somebody reports on the page."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "service_code": "2-04-06",
                "lon": 114.0591,
                "lat": 22.5462,
                "address": "深南大道路口",
                "text": "路口积水，约三十厘米",
                "language": "zh",
            }
        },
    )
    service_code: Annotated[str, Field(max_length=64)]
    lon: Annotated[float | None, Field(ge=-180, le=180)] = Field(default=None, description="WGS 84")
    lat: Annotated[float | None, Field(ge=-90, le=90)] = None
    address: Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")] = ""
    text: Text = ""
    contact: ContactBody = ContactBody()
    language: Literal["zh", "en"] | None = None
    pictures: Annotated[list[PictureBody], Field(max_length=3)] = []


def citizen_page_router(services: Services, gate: Gate) -> APIRouter:
    """Return the routes below ``/v1/citizen``."""
    router = APIRouter(tags=["citizens"])
    config = services.config

    @router.get(
        "/v1/citizen/services",
        dependencies=[Depends(gate.visitor)],
        summary="Read what can be reported without a key",
        responses=documented(RateLimited, StoreUnavailable),
    )
    def offered() -> CitizenServicesView:
        """Return the classes of today's code table; none where the page takes no reports."""
        if not config.public_reports:
            return CitizenServicesView(open=False, services=[])
        return CitizenServicesView(
            open=True,
            services=[
                ServiceView(code=entry.code, zh=entry.zh, en=entry.en)
                for entry in services.reports.services(services.clock.now())
            ],
        )

    @router.post(
        "/v1/citizen/reports",
        dependencies=[Depends(gate.stranger)],
        summary="Hand in a report without a key",
        status_code=201,
        responses=documented(
            MalformedJson,
            Forbidden,
            BodyTooLarge,
            UnsupportedMedia,
            InvalidInput,
            RateLimited,
            StoreUnavailable,
            EvidenceFull,
        ),
    )
    def report(
        body: CitizenReportBody,
        request: Request,
        idempotency_key: Annotated[str, Header(max_length=100, pattern=r"^[\x21-\x7e]{16,}$")],
    ) -> ReportedView:
        """Store a report with its pictures; it becomes a case that waits for its first check 核实."""
        if not config.public_reports:
            raise Forbidden(
                f"{request.url.path}: this API takes no reports without a key; set public_reports "
                "in its configuration, or use POST /v1/reports"
            )
        if (body.lon is None) != (body.lat is None):
            raise InvalidInput("place: give both lon and lat, or neither")
        now = services.clock.now()
        pictures = []
        for picture in body.pictures:
            content = _bytes_of(picture.base64)
            sha256 = hashlib.sha256(content).hexdigest()
            services.evidence.put(
                sha256, check_media_type(picture.media_type), content, now=now, by=_SENDER
            )
            pictures.append(sha256)
        contact = {kind: text for kind, text in body.contact.model_dump().items() if text}
        place = None
        if body.lon is not None and body.lat is not None:
            place = Place(lon=body.lon, lat=body.lat)
        found = Report(
            service_code=body.service_code,
            channel="web",
            place=place,
            text=body.text,
            address=body.address,
            contact=contact,
            language=body.language,
            pictures=tuple(pictures),
        )
        taken = services.reports.take(found, once=f"page:{idempotency_key}", now=now)
        return ReportedView(order_id=taken.order_id, tracking_code=taken.code, new=taken.new)

    return router


def _bytes_of(text: str) -> bytes:
    """Return the bytes in a base64 text.

    Raises:
        InvalidInput: it is none.
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:  # binascii.Error is one; letters beyond ASCII are another
        raise InvalidInput(f"pictures: {error}; expected base64 (RFC 4648 §4)") from error
