"""Open311 with an independent client, and a report's way without a login."""

import hashlib
import json
import time
from typing import Any

import pytest
from georeport import GeoReport

from cloud_api.keys import Role
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

JPEG = b"\xff\xd8\xff\xe0 deep water \xff\xd9"
FORM = {
    "service_code": "2-04-06",
    "lat": "22.54621234",
    "long": "114.05911234",
    "description": "deep water",
    "email": "li@x.test",
    "first_name": "Wei",
}


def _post(server: Server, form: str = "json", **fields: str) -> Any:
    data = FORM | {"api_key": server.tokens[Role.APP]} | fields
    with server.client(None) as client:
        return client.post(f"/open311/v2/requests.{form}", data=data)


def _case_number(server: Server, token: str) -> str:
    def look() -> str | None:
        with server.client(None) as client:
            found: str | None = client.get(f"/v1/track/{token}").json()["case_number"]
            return found

    return wait_for(look, "the report's case")


@pytest.mark.parametrize("form", ["json", "xml"])
def test_an_independent_client_reads_what_was_reported(server: Server, form: str) -> None:
    """`georeport` lists services, reads one, and finds the request in the list and alone."""
    posted = _post(server).json()[0]
    _case_number(server, posted["tracking_code"])
    client = GeoReport(f"{server.url}/open311/v2", output_format=form)

    services = client.get_service_list()
    definition = client.get_service_definition("2-04-06")
    listed = client.get_service_requests(service_code="2-04-06", status="open")
    one = client.get_service_request(posted["service_request_id"])

    assert "2-04-06" in {service["service_code"] for service in services}
    assert definition["service_code"] == "2-04-06"
    listed = listed if isinstance(listed, list) else [listed]
    assert posted["service_request_id"] in {each["service_request_id"] for each in listed}
    assert (one["status"], one["service_name"], str(one["lat"])) == ("open", "道路积水", "22.5462")


def test_nothing_about_people_is_shown(server: Server) -> None:
    """Words, name and address of the reporter are in no answer of the facade."""
    posted = _post(server).json()[0]
    with server.client(None) as client:
        answers = client.get("/open311/v2/requests.json").text
        answers += client.get(f"/open311/v2/requests/{posted['service_request_id']}.json").text

    assert not any(word in answers for word in ("deep water", "li@x.test", "Wei", "22.54621"))


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    ("fields", "status", "word"),
    [
        pytest.param({"api_key": ""}, 401, "API key", id="no-key"),
        pytest.param({"api_key": "cityloop_x"}, 401, "unknown", id="wrong-key"),
        pytest.param({"service_code": ""}, 400, "service_code was not provided", id="no-service"),
        pytest.param({"service_code": "9-99"}, 400, "no class", id="unknown-service"),
        pytest.param({"lat": "x"}, 400, "degrees", id="place"),
        pytest.param({"lat": "", "long": ""}, 400, "where it is", id="nowhere"),
        pytest.param({"media_url": "file:///etc/passwd"}, 400, "media_url", id="media"),
    ],
)
def test_errors_are_geo_reports(
    server: Server, form: str, fields: dict[str, str], status: int, word: str
) -> None:
    """Code and description, in the form that was asked for."""
    answer = _post(server, form, **fields)

    assert answer.status_code == status
    assert word in answer.text
    assert ("<code>" in answer.text) == (form == "xml")
    if form == "json":
        assert answer.json()[0]["code"] == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("services/9-99.json", 404),
        ("requests/none.xml", 404),
        ("requests.json?start_date=yesterday", 400),
        ("requests.json?start_date=2020-01-01T00:00:00Z", 400),
        ("requests.json?status=lost", 400),
        ("tokens/none.json", 404),
        ("services.yaml", 422),
    ],
)
def test_wrong_questions_are_answered(server: Server, path: str, status: int) -> None:
    """Each with its status."""
    with server.client(None) as client:
        assert client.get(f"/open311/v2/{path}").status_code == status


def test_pictures_come_with_the_form(server: Server) -> None:
    """An extension: the picture is stored, and belongs to the case."""
    with server.client(None) as client:
        posted = client.post(
            "/open311/v2/requests.json",
            data=FORM | {"api_key": server.tokens[Role.APP]},
            files={"media": ("a.jpg", JPEG, "image/jpeg")},
        ).json()[0]
    number = _case_number(server, posted["tracking_code"])
    with server.client(Role.READER) as client:
        case = client.get(f"/v1/cases/{number}").json()

    assert [each["stored"] for each in case["evidence"]] == [True]


def test_a_token_leads_to_the_request(server: Server) -> None:
    """GET Service Request Id from a token."""
    posted = _post(server).json()[0]
    with server.client(None) as client:
        found = client.get(f"/open311/v2/tokens/{posted['tracking_code']}.json").json()[0]

    assert found["service_request_id"] == posted["service_request_id"]


def _move(server: Server, number: str, **body: object) -> None:
    with server.client(Role.OPERATOR) as client:
        answer = client.post(f"/v1/cases/{number}/move", json=body)
        assert answer.status_code == 200, answer.text


def test_a_report_taken_down_for_somebody_goes_all_the_way(server: Server) -> None:
    """By telephone, followed by its code, closed with a photo, rated badly, handled again."""
    photo = JPEG + str(time.time()).encode()
    sha = hashlib.sha256(photo).hexdigest()
    body = {
        "service_code": "2-04-06",
        "address": "三号路",
        "channel": "phone",
        "on_behalf": "社区服务站",
        "contact": {"phone": "+86 138"},
    }
    with server.client(Role.OPERATOR) as operator, server.client(None) as citizen:
        posted = operator.post("/v1/reports", json=body)
        code = posted.json()["tracking_code"]
        number = _case_number(server, code)
        early = citizen.post(f"/v1/track/{code}/rating", json={"satisfied": True})
        operator.put(f"/v1/evidence/{sha}", content=photo, headers={"Content-Type": "image/jpeg"})
        for move in (
            {"to": "filed"},
            {"to": "dispatched", "to_department": "water"},
            {"to": "handling"},
            {"to": "fed_back"},
            {"to": "verified", "evidence": [sha]},
            {"to": "closed", "reason": "pumped dry"},
        ):
            _move(server, number, **({"reason": "r"} | move))
        closed = citizen.get(f"/v1/track/{code}").json()
        unreasoned = citizen.post(f"/v1/track/{code}/rating", json={"satisfied": False})
        rated = citizen.post(
            f"/v1/track/{code}/rating", json={"satisfied": False, "reason": "wet again"}
        ).json()
        withdrawn = [citizen.post(f"/v1/track/{code}/withdraw").json() for _ in range(2)]

    assert (posted.status_code, early.status_code, unreasoned.status_code) == (201, 409, 422)
    assert (closed["status"], closed["answer"], closed["may_rate"]) == (
        "closed",
        "pumped dry",
        True,
    )
    assert [each["state"] for each in closed["passages"]] == [
        "filed",
        "dispatched",
        "handling",
        "fed_back",
        "closed",
    ]
    assert (rated["status"], rated["passages"][-1]["state"]) == ("open", "reopened")
    assert withdrawn == [{"withdrawn": True}, {"withdrawn": False}]


def test_idempotency_key(server: Server) -> None:
    """The same key is the same report."""
    body = {"service_code": "2-04-06", "lon": 114.05, "lat": 22.54}
    with server.client(Role.APP) as client:
        first, again = (
            client.post("/v1/reports", json=body, headers={"Idempotency-Key": "k-1"}).json()
            for _ in range(2)
        )

    assert again == first | {"new": False}


def test_idempotency_key_of_the_facade(server: Server) -> None:
    """The same key is the same request, also as a form; one that is no plain text is refused."""
    form = {"service_code": "2-04-06", "lat": "22.54", "long": "114.05"}
    path = "/open311/v2/requests.json"
    with server.client(Role.APP) as client:
        first, again = (
            client.post(path, data=form, headers={"Idempotency-Key": "k-2"}).json()[0]
            for _ in range(2)
        )
        refused = client.post(path, data=form, headers={"Idempotency-Key": "k" * 101})

    assert first["service_request_id"] == again["service_request_id"]
    assert refused.status_code == 400


def test_the_description_of_the_facade_is_in_openapi(server: Server) -> None:
    """Routes and examples are there."""
    with server.client(None) as client:
        paths = client.get("/openapi.json").json()["paths"]

    example = paths["/open311/v2/requests.{form}"]["post"]["requestBody"]["content"]
    assert json.dumps(example["application/x-www-form-urlencoded"]["example"])
