"""Exchanges about people, for the examples in the OpenAPI document: users and keys, and who reports something."""

from cloud_api.keys import Role
from tests.integration.cloud_api.conftest import wait_for
from tests.integration.cloud_api.openapi_recorder import Recorder

__all__ = ["exchange_managing", "exchange_reports"]


def exchange_managing(record: Recorder) -> None:
    """Let somebody in, lock him, and make and revoke a key."""
    do, admin = record.do, Role.ADMIN
    scope = {"districts": [], "departments": [], "grids": ["440304001"]}
    worker = {"name": "street.worker", "role": "operator", "scope": scope}
    do(admin, "POST", "/v1/users", json=worker)
    user = {"user": "street.worker"}
    do(admin, "PATCH", "/v1/users/{user}", user, json={"locked": True})
    do(admin, "POST", "/v1/users/{user}/password", user, json={"password": "rain in the Gutter 9"})
    made = do(admin, "POST", "/v1/keys", json={"name": "wall", "role": "reader"}).json()
    do(admin, "GET", "/v1/keys")
    do(admin, "DELETE", "/v1/keys/{key_id}", {"key_id": made["key"]["id"]})


def exchange_reports(record: Recorder, picture: str) -> None:
    """Take orders and reports in, close one, and tell its reporter.

    Args:
        record: makes the exchanges.
        picture: SHA-256 of a stored picture that proves the end.
    """
    do, app, op, reader = record.do, Role.APP, Role.OPERATOR, Role.READER
    call = {
        "orderNo": "GD-7", "areaCode": "440304", "categoryCode": "0406", "categoryName": "道路积水", "urgency": "紧急",
        "callTime": "2026-06-01 16:20:05", "content": "车辆熄火", "location": {"lng": "114.0642", "lat": "22.5486"},
    }  # fmt: skip
    taken = do(op, "POST", "/v1/orders/{mapping}", {"mapping": "hotline-12345"}, json=call).json()
    do(op, "GET", "/v1/orders")
    do(op, "GET", "/v1/orders/{order_id}", {"order_id": taken["taken"][0]["order_id"]})
    do(reader, "GET", "/v1/order-sources")
    report = {
        "service_code": "2-01-11",
        "lon": 114.0591,
        "lat": 22.5462,
        "text": "路口积水",
        "channel": "phone",
    }
    do(op, "GET", "/v1/places", params={"q": "grid 1", "limit": 2})
    asked = {key: report[key] for key in ("lon", "lat", "text")}
    do(op, "POST", "/v1/reports/preview", json=asked)
    code = do(app, "POST", "/v1/reports", json=report).json()["tracking_code"]
    token = {"token": code}
    number = wait_for(
        lambda: do(None, "GET", "/v1/track/{token}", token).json()["case_number"], "the case"
    )
    record.found.pop("GET /v1/track/{token}")
    ref = {"case_ref": number}
    do(reader, "GET", "/v1/cases/{case_ref}/reports", ref)
    for move in (
        {"to": "filed"}, {"to": "dispatched", "to_department": "water"}, {"to": "handling"},
        {"to": "fed_back"}, {"to": "verified", "evidence": [picture]}, {"to": "closed"},
    ):  # fmt: skip
        do(op, "POST", "/v1/cases/{case_ref}/move", ref, json={"reason": "pumped dry"} | move)
    do(None, "GET", "/v1/track/{token}", token)
    do(None, "POST", "/v1/track/{token}/rating", token, json={"satisfied": True, "reason": "quick"})
    do(None, "POST", "/v1/track/{token}/withdraw", token)
    do(None, "GET", "/v1/citizen/services")
    plain = {name: report[name] for name in ("service_code", "lon", "lat", "text")}
    once = {"Idempotency-Key": "5d1c8f0e-page-0001"}
    do(None, "POST", "/v1/citizen/reports", json=plain, headers=once)
    form = {"form": "json"}
    base = "/open311/v2"
    for path in ("discovery", "services", "requests"):
        do(None, "GET", f"{base}/{path}.{{form}}", form)
    do(
        None,
        "GET",
        f"{base}/services/{{service_code}}.{{form}}",
        form | {"service_code": "2-01-11"},
    )
    posted = do(
        app, "POST", f"{base}/requests.{{form}}", form,
        data={"service_code": "2-01-11", "lat": "22.5462", "long": "114.0591", "description": "deep water"},
    ).json()[0]  # fmt: skip
    do(None, "GET", f"{base}/tokens/{{token}}.{{form}}", form | {"token": posted["tracking_code"]})
    found = form | {"service_request_id": posted["service_request_id"]}
    do(None, "GET", f"{base}/requests/{{service_request_id}}.{{form}}", found)
