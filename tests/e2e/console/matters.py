"""Matters for the pages: events that a gateway posts, with pictures, and the cases that they open."""

import hashlib
import io
import itertools
from datetime import datetime
from pathlib import Path

import httpx
from PIL import Image, ImageDraw

from contracts.codec import encode
from contracts.envelope import Evidence, Place
from contracts.event import Cause, Event, EventPhase, Title
from contracts.ids import episode_id
from contracts.levels import Level
from simulators.fleet import DISTRICT_CENTRE
from tests.e2e.console.city import City, wait_for

__all__ = ["Matter", "draw_street", "open_matter", "post_revision"]

_NUMBERS = itertools.count(1)


def draw_street(path: Path, *, wet: bool) -> bytes:
    """Return a drawn street as PNG, under water or dry; it is also written to ``path``."""
    picture = Image.new("RGB", (640, 360), "#9fb4c4")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 150, 640, 360), fill="#5d636b")
    for left in range(20, 640, 120):
        pen.rectangle((left, 250, left + 60, 258), fill="#e8e4d0")
        pen.rectangle((left, 60, left + 70, 150), fill="#b9876a")
    if wet:
        pen.ellipse((120, 200, 560, 345), fill="#3f74a8")
        pen.ellipse((180, 225, 500, 320), fill="#5b93c9")
    content = io.BytesIO()
    picture.save(content, "PNG")
    path.write_bytes(content.getvalue())
    return content.getvalue()


class Matter:
    """An event of its own and its case."""

    def __init__(self, city: City, event: Event, case: dict[str, str]) -> None:
        self.city = city
        self.event = event
        self.number = case["number"]
        self.case_id = case["case_id"]

    def read(self) -> dict[str, object]:
        """Return the case as it stands."""
        with self.city.client() as client:
            found: dict[str, object] = client.get(f"/v1/cases/{self.number}").json()
            return found

    def move(self, to: str, **more: object) -> None:
        """Move the case on, as the operator's key does."""
        with self.city.client() as client:
            body = {"to": to, "reason": "as agreed"} | more
            client.post(f"/v1/cases/{self.number}/move", json=body).raise_for_status()

    def comment(self, text: str) -> None:
        """Add a remark."""
        with self.city.client() as client:
            client.post(f"/v1/cases/{self.number}/comment", json={"text": text}).raise_for_status()


def post_revision(city: City, event: Event) -> None:
    """Post one revision as a gateway does."""
    headers = {
        "Authorization": f"Bearer {city.key('gateway')}",
        "Content-Type": "application/json",
    }
    answer = httpx.post(
        f"{city.url}/v1/events", content=encode(event), headers=headers, timeout=20.0
    )
    answer.raise_for_status()


def open_matter(
    city: City,
    *,
    picture: bytes | None = None,
    media_type: str = "image/png",
    level: Level = Level.YELLOW,
    east_m: float = 0.0,
    depth_m: float = 0.31,
    place: Place | None = None,
) -> Matter:
    """Post an event that opens a case of its own, and return it when it is there.

    Args:
        city: where.
        picture: what its camera saw; None: nothing.
        media_type: of that: a picture or a clip.
        level: how grave it is.
        east_m: how far from the district's middle, metres.
        depth_m: how deep the water is.
        place: where exactly; None: ``east_m`` says it.
    """
    with city.client() as client:
        now = datetime.fromisoformat(client.get("/v1/worklist?limit=1").json()["now"])
    number = next(_NUMBERS)
    evidence: tuple[Evidence, ...] = ()
    if picture is not None:
        sha256 = hashlib.sha256(picture).hexdigest()
        headers = {"Authorization": f"Bearer {city.key('box')}", "Content-Type": media_type}
        url = f"{city.url}/v1/evidence/{sha256}"
        httpx.put(url, content=picture, headers=headers, timeout=20.0).raise_for_status()
        evidence = (
            Evidence(
                sha256=sha256, media_type=media_type, size_bytes=len(picture), captured_at=now
            ),
        )
    lon, lat = DISTRICT_CENTRE
    key = {"subject": f"gauge-{number}"}
    event = Event(
        event_id=episode_id("waterlogging", key, now),
        rev=0,
        event_type="water.ponding",
        rule="waterlogging",
        rule_version="3f1c9a0e",
        level=level,
        phase=EventPhase.OPEN,
        key=key,
        district="riverside",
        onset_at=now,
        at=now,
        title=Title(zh=f"{number} 号路口积水", en=f"Water at crossing {number}"),
        cause=Cause(expression="depth_m >= 27 cm", values={"depth_m": depth_m}),
        subject=key["subject"],
        place=place or Place(lon=lon + east_m / 95_000, lat=lat + 0.001 * (number % 5)),
        evidence=evidence,
    )
    post_revision(city, event)

    def found() -> dict[str, str] | None:
        with city.client() as client:
            answer = client.get(f"/v1/events/{event.event_id}")
            if answer.status_code != 200 or not answer.json()["case_id"]:
                return None
            case = client.get(f"/v1/cases/{answer.json()['case_id']}")
            return case.json() if case.status_code == 200 else None

    return Matter(city, event, wait_for(found, "the event's case"))
