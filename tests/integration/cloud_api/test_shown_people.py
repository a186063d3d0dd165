"""Nothing personal passes any way out unmasked to a role that may not see it: every route, form and packing.

Who reported something is masked to all who say no purpose; which of the staff has a case or stands where is
hidden from readers, who see unit and place.
"""

import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet
import pytest

import cloud_api
from cloud_api.keys import Role
from tests.contract.cloud_api.events import body_of, event_id, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

REPORTED = ("13812345678", "王小明", "B12345")
"""What somebody who reported is known by: in a case's title, in remarks and in a camera's name."""
STAFF = "fieldhand-77"
"""Who is on duty, owns the cell, has the case and its subtask, was told of it, and is named in remarks."""
WHY = {"X-Purpose": "call back"}
CAMERAS = 30
"""So many that their layer of the map is packed."""
FORMS = ("csv", "geojson", "parquet", "xes", "json", "xml")
PARTS: dict[str, tuple[str, ...]] = {
    "form": FORMS,
    "event_id": (event_id(1),),
    "indicator": ("on_time",),
    "camera": ("street-1",),
    "name": ("street-1", "box-1"),
    "service_code": ("2-01-11",),
    "mapping": ("hotline-12345",),
    "pack": ("none",),
}
ASKED: dict[str, dict[str, str | float]] = {
    "/v1/map/cells": {"west": 113.5, "south": 22, "east": 117, "north": 40},
    "/v1/grid": {"lon": 116.402, "lat": 39.912},
    "/v1/evaluation": {"period": "2026-06"},
    "/v1/evaluation/{indicator}": {"period": "2026-06"},
    "/v1/process-map": {"period": "2026-06"},
    "/v1/places": {"q": "grid"},
    "/v1/stream": {"last_event_id": "0-0"},
}


@pytest.fixture(scope="module")
def city(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Server, dict[str, tuple[str, ...]]]]:
    """A server with one case that holds everything personal, and what its routes may be asked for."""
    folder = tmp_path_factory.mktemp("city")
    made = Server(
        folder,
        f"sqlite:///{folder}/api.sqlite",
        stream_heartbeat_s=1.0,
        profile=_profile(folder / "profile"),
        orders="[{mapping: hotline-12345}]",
        notices=_notices(folder / "notices.yaml"),
    )
    made.make_keys()
    made.start()
    try:
        with made.client(Role.ADMIN) as admin:
            known = PARTS | _lived(admin)
        yield made, known
    finally:
        status = made.stop()
    assert status == 0, (folder / "server.log").read_text()


def _profile(folder: Path) -> Path:
    """Return a city where one person stands in the first cell all day long and owns it."""
    source = Path(cloud_api.__file__).parent / "profiles" / "beijing-district"
    folder.mkdir()
    for each in source.iterdir():
        (folder / each.name).write_bytes(each.read_bytes())
    (folder / "roster.csv").write_text(
        "unit,person,days,from,to,lon,lat,valid_from,valid_to\n"
        f"water-crew,{STAFF},1234567,00:00,24:00,116.402,39.912,2026-01-01,\n"
    )
    grid = (folder / "grid.geojson").read_text()
    (folder / "grid.geojson").write_text(grid.replace("grid-worker-1", STAFF))
    return folder


def _notices(path: Path) -> Path:
    path.write_text(
        "channels: [{id: siren, url_env: CITYLOOP_NO_SUCH_ADDRESS, address: phone}]\n"
        f"people: [{{id: {STAFF}, language: zh, addresses: {{phone: '13900002222'}}}}]\n"
        f"routes: [{{id: all, occasions: [assigned], to: {{people: [{STAFF}]}}, channels: [siren]}}]\n"
    )
    return path


def _lived(admin: httpx.Client) -> dict[str, tuple[str, ...]]:
    """Let one case happen; return what its parts are called."""
    box = {"district": "futian", "site": "bay-road"}
    camera = box | {
        "profile": "camera",
        "box": "box-1",
        "name": f"我叫{REPORTED[1]}的门口",
        "place": {"lon": 116.402, "lat": 39.912},
    }
    admin.put("/v1/boxes/box-1", json=box).raise_for_status()
    for number in range(1, CAMERAS + 1):
        admin.put(f"/v1/devices/street-{number}", json=camera).raise_for_status()
    event = make_event(1, title=f"ponding, call {REPORTED[0]}")
    admin.post(
        "/v1/events", content=body_of(event), headers={"Content-Type": "application/json"}
    ).raise_for_status()
    case = wait_for(lambda: admin.get("/v1/cases").json()["items"], "the case")[0]
    where = f"/v1/cases/{case['case_id']}"
    words = f"我叫{REPORTED[1]}，{REPORTED[0]}，粤{REPORTED[2]}"
    written = f"{words}，{STAFF}来过"
    admin.post(f"{where}/comment", json={"text": written}).raise_for_status()
    task = {"department": "water", "person": STAFF, "what": written}
    admin.post(f"{where}/subtasks", json=task).raise_for_status()
    call = {
        "orderNo": "GD-7", "areaCode": "440304", "categoryCode": "0406", "categoryName": "道路积水", "urgency": "紧急",
        "callTime": "2026-06-01 16:20:05", "content": words, "location": {"lng": "116.402", "lat": "39.912"},
    }  # fmt: skip
    taken = admin.post("/v1/orders/hotline-12345", json=call).raise_for_status().json()
    given = {"department": "water", "person": STAFF, "reason": written}

    def told() -> list[dict[str, str]]:
        # nobody is told of what happened before the notices' first look at the log
        admin.post(f"{where}/assign", json=given).raise_for_status()
        found: list[dict[str, str]] = admin.get("/v1/notices").json()["items"]
        return found

    notices = wait_for(told, "the notice")
    return {
        "case_ref": (case["case_id"], case["number"]),
        "order_id": (taken["taken"][0]["order_id"],),
        "notice_id": (notices[0]["notice_id"],),
    }


def _paths(template: str, known: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield a route with everything that may be asked of it in its place."""
    names = [part.partition("}")[0] for part in template.split("{")[1:]]
    for values in itertools.product(*(known.get(name, ("none",)) for name in names)):
        yield template.format(**dict(zip(names, values, strict=True)))


def _shown(client: httpx.Client, path: str, template: str, **headers: str) -> str:
    """Return what an answer shows, unpacked: Parquet as text, of the stream its first messages."""
    with client.stream("GET", path, params=ASKED.get(template, {}), headers=headers) as answer:
        if template == "/v1/stream":
            text = ""
            for chunk in answer.iter_text():
                text += chunk
                if text.count("data:") >= 4:
                    break
            return text
        body = answer.read()
    if answer.headers.get("content-type", "").endswith("parquet"):
        table = pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist()
        return json.dumps(table, ensure_ascii=False)
    return body.decode("utf-8", "replace")


def _leaks(
    made: Server,
    known: dict[str, tuple[str, ...]],
    role: Role | None,
    forbidden: tuple[str, ...],
    **headers: str,
) -> dict[str, list[str]]:
    """Return what of the forbidden words which path shows; every GET route in every form."""
    found: dict[str, list[str]] = {}
    with made.client(role) as client:
        routes: dict[str, Any] = client.get("/openapi.json").json()["paths"]
        for template, methods in routes.items():
            if "get" not in methods:
                continue
            for path in _paths(template, known):
                text = _shown(client, path, template, **headers)
                words = [word for word in forbidden if word in text]
                if words:
                    found[path] = words
    return found


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize("role", [Role.READER, Role.AUDITOR, None], ids=str)
def test_who_gives_out_no_work_is_shown_nobody(
    city: tuple[Server, dict[str, tuple[str, ...]]], role: Role | None, coding: str
) -> None:
    """Neither who reported nor who of the staff is meant, though a purpose is given."""
    made, known = city

    shown = _leaks(made, known, role, (*REPORTED, STAFF), **WHY, **{"Accept-Encoding": coding})

    assert shown == {}


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ADMIN])
def test_who_says_no_purpose_is_shown_no_reporter(
    city: tuple[Server, dict[str, tuple[str, ...]]], role: Role, coding: str
) -> None:
    """Packed or not, in every form."""
    made, known = city

    assert _leaks(made, known, role, REPORTED, **{"Accept-Encoding": coding}) == {}


def test_a_dispatcher_sees_whom_he_may_send(
    city: tuple[Server, dict[str, tuple[str, ...]]],
) -> None:
    """Without a purpose: it is his work; so the other tests look where there is something to see."""
    made, known = city
    case = known["case_ref"][0]

    shown = _leaks(made, known, Role.OPERATOR, (STAFF,))

    assert {
        "/v1/map/teams",
        "/v1/workload",
        "/v1/cases",
        f"/v1/cases/{case}",
        f"/v1/cases/{case}/advice",
        "/v1/worklist",
        "/v1/grid",
        "/v1/notices",
        f"/v1/notices/{known['notice_id'][0]}",
        "/v1/exports/cases.csv",
        "/v1/exports/cases.geojson",
        "/v1/exports/cases.parquet",
        "/v1/exports/case-log.csv",
        "/v1/exports/case-log.parquet",
    } <= set(shown)


def test_with_a_purpose_every_way_out_shows_who_reported(
    city: tuple[Server, dict[str, tuple[str, ...]]],
) -> None:
    """The words are really there where the tests above do not find them."""
    made, known = city

    shown = _leaks(made, known, Role.OPERATOR, REPORTED, **WHY)

    assert {
        "/v1/stream",
        "/v1/map/devices",
        "/v1/exports/cases.parquet",
        "/v1/exports/events.parquet",
        "/v1/exports/case-log.parquet",
        "/v1/exports/cases.geojson",
        "/v1/exports/case-log.xes",
        "/v1/exports/case-log.csv",
        f"/v1/events/{event_id(1)}/cap",
    } <= set(shown)


def test_a_reader_sees_unit_and_place(city: tuple[Server, dict[str, tuple[str, ...]]]) -> None:
    """What the map is for stays: where somebody of which unit is."""
    made, _ = city
    with made.client(Role.READER) as client:
        features = client.get("/v1/map/teams").json()["features"]

    assert [each["properties"] for each in features] == [{"person": "****", "unit": "water-crew"}]
    assert features[0]["geometry"]["coordinates"] == [116.402, 39.912]


@pytest.mark.parametrize("path", ["/v1/cases", "/v1/worklist"])
def test_a_reader_cannot_find_out_by_asking(
    city: tuple[Server, dict[str, tuple[str, ...]]], path: str
) -> None:
    """A filter by person tells whose a case is; his own name he may ask for."""
    made, _ = city
    with made.client(Role.READER) as client:
        others = client.get(path, params={"person": STAFF}).status_code
        own = client.get(path, params={"person": "reader-1"}).status_code
    with made.client(Role.OPERATOR) as client:
        found = client.get(path, params={"person": STAFF}).json()["items"]

    assert (others, own, len(found)) == (403, 200, 1)
