"""Every route demands a role: a matrix over all of them."""

import httpx
import pytest

from cloud_api.access import ACT, AUDIT, PERSON, POST_EVENTS, PUT_EVIDENCE, READ
from cloud_api.app import OPEN_PATHS
from cloud_api.keys import Role
from cloud_api.routes.citizens import POST_REPORTS
from cloud_api.routes.devices import MANAGE, POLL
from cloud_api.routes.fleet import LOGINS
from cloud_api.routes.models import FETCH
from cloud_api.routes.orders import POST_ORDERS
from tests.integration.cloud_api.conftest import Server

pytestmark = pytest.mark.slow

SHA = "a" * 64
ROLES: dict[tuple[str, str], frozenset[Role]] = {
    ("POST", "/v1/events"): POST_EVENTS,
    ("GET", "/v1/events"): READ,
    ("GET", "/v1/events/{event_id}"): READ,
    ("GET", "/v1/cases"): READ,
    ("GET", "/v1/cases/{case_ref}"): READ,
    ("GET", "/v1/map/cells"): READ,
    ("POST", "/v1/cases/{case_ref}/acknowledge"): ACT,
    ("POST", "/v1/cases/{case_ref}/assign"): ACT,
    ("POST", "/v1/cases/{case_ref}/comment"): ACT,
    ("POST", "/v1/cases/{case_ref}/move"): ACT,
    ("POST", "/v1/cases/{case_ref}/subtasks"): ACT,
    ("POST", "/v1/cases/{case_ref}/subtasks/{subtask_id}/finish"): ACT,
    ("POST", "/v1/cases/{case_ref}/recheck"): ACT,
    ("POST", "/v1/cases/{case_ref}/visit"): ACT,
    ("POST", "/v1/cases/{case_ref}/extend"): ACT,
    ("POST", "/v1/cases/{case_ref}/classify"): ACT,
    ("GET", "/v1/supervision"): READ,
    ("GET", "/v1/cases/{case_ref}/causes"): READ,
    ("GET", "/v1/cases/{case_ref}/curves/{event_id}"): READ,
    ("GET", "/v1/cases/{case_ref}/reports"): READ,
    ("GET", "/v1/worklist"): READ,
    ("GET", "/v1/workload"): READ,
    ("POST", "/v1/worklist/assign"): ACT,
    ("GET", "/v1/cases/{case_ref}/advice"): READ,
    ("GET", "/v1/cases/{case_ref}/duplicates"): READ,
    ("GET", "/v1/classes"): READ,
    ("GET", "/v1/grid"): READ,
    ("GET", "/v1/profile"): READ,
    ("GET", "/v1/modes"): READ,
    ("POST", "/v1/modes"): ACT,
    ("POST", "/v1/shelve"): ACT,
    ("POST", "/v1/unshelve"): ACT,
    ("GET", "/v1/flows"): READ,
    ("PUT", "/v1/evidence/{sha256}"): PUT_EVIDENCE,
    ("GET", "/v1/evidence/{sha256}"): READ,
    ("GET", "/v1/stream"): READ,
    ("GET", "/v1/departments"): READ,
    ("GET", "/v1/flow"): READ,
    ("GET", "/metrics"): READ,
    ("GET", "/v1/registry"): POLL,
    ("GET", "/v1/audit"): AUDIT,
    ("GET", "/v1/audit/chain"): AUDIT,
    ("POST", "/v1/logout"): PERSON,
    ("GET", "/v1/me"): PERSON,
    ("POST", "/v1/me/password"): PERSON,
    ("GET", "/v1/users"): MANAGE,
    ("POST", "/v1/users"): MANAGE,
    ("PATCH", "/v1/users/{user}"): MANAGE,
    ("POST", "/v1/users/{user}/password"): MANAGE,
    ("GET", "/v1/keys"): MANAGE,
    ("POST", "/v1/keys"): MANAGE,
    ("DELETE", "/v1/keys/{key_id}"): MANAGE,
    ("GET", "/v1/fleet/assets"): READ,
    ("GET", "/v1/fleet/assets/{name}"): READ,
    ("GET", "/v1/fleet/assets/{name}/series"): READ,
    ("GET", "/v1/registry/devices.csv"): POLL,
    ("POST", "/v1/registry/devices.csv"): MANAGE,
    ("GET", "/v1/registry/boxes.csv"): POLL,
    ("POST", "/v1/registry/boxes.csv"): MANAGE,
    ("GET", "/v1/devices"): POLL,
    ("GET", "/v1/devices/{name}"): POLL,
    ("PUT", "/v1/devices/{name}"): MANAGE,
    ("DELETE", "/v1/devices/{name}"): MANAGE,
    ("GET", "/v1/boxes"): POLL,
    ("GET", "/v1/boxes/{name}"): POLL,
    ("PUT", "/v1/boxes/{name}"): MANAGE,
    ("DELETE", "/v1/boxes/{name}"): MANAGE,
    ("PUT", "/v1/boxes/{box}/config"): MANAGE,
    ("GET", "/v1/boxes/{box}/config"): POLL,
    ("DELETE", "/v1/boxes/{box}/login"): MANAGE,
    ("GET", "/v1/desired"): POLL,
    ("POST", "/v1/enrolment/tokens"): MANAGE,
    ("GET", "/v1/enrolment/tokens"): MANAGE,
    ("DELETE", "/v1/enrolment/tokens/{token_id}"): MANAGE,
    ("GET", "/v1/hub/logins"): LOGINS,
    ("POST", "/v1/fleet/reports"): POST_EVENTS,
    ("GET", "/v1/fleet/boxes/{box}"): READ,
    ("GET", "/v1/online-rates"): READ,
    ("GET", "/v1/fleet/orders"): READ,
    ("GET", "/v1/notices"): READ,
    ("POST", "/v1/orders/{mapping}"): POST_ORDERS,
    ("GET", "/v1/orders"): READ,
    ("GET", "/v1/orders/{order_id}"): READ,
    ("GET", "/v1/order-sources"): READ,
    ("POST", "/v1/reports"): POST_REPORTS,
    ("POST", "/v1/reports/preview"): ACT,
    ("GET", "/v1/places"): ACT,
    ("GET", "/v1/webhooks"): MANAGE,
    ("GET", "/v1/exports/cases.{form}"): READ,
    ("GET", "/v1/exports/events.{form}"): READ,
    ("GET", "/v1/exports/case-log.{form}"): READ,
    ("GET", "/v1/events/{event_id}/cap"): READ,
    ("GET", "/v1/evaluation"): READ,
    ("GET", "/v1/situation"): READ,
    ("GET", "/v1/map/cases"): READ,
    ("GET", "/v1/map/events"): READ,
    ("GET", "/v1/map/devices"): READ,
    ("GET", "/v1/map/teams"): READ,
    ("GET", "/v1/map/grid"): READ,
    ("GET", "/v1/evaluation/{indicator}"): READ,
    ("GET", "/v1/webhooks/{endpoint}/trouble"): MANAGE,
    ("POST", "/open311/v2/requests.{form}"): POST_REPORTS,
    ("GET", "/v1/notices/{notice_id}"): READ,
    ("GET", "/v1/process-map"): READ,
    ("GET", "/v1/models"): READ,
    ("GET", "/v1/models/{model}"): READ,
    ("GET", "/v1/models/{model}/boxes"): READ,
    ("PUT", "/v1/models/{model}/rollout"): MANAGE,
    ("PUT", "/v1/models/{model}/versions/{version}/bundle"): MANAGE,
    ("GET", "/v1/models/{model}/versions/{version}/bundle"): FETCH,
    ("POST", "/v1/models/{model}/versions/{version}/stage"): MANAGE,
    ("POST", "/v1/reviews"): PUT_EVIDENCE,
    ("GET", "/v1/reviews"): READ,
    ("POST", "/v1/reviews/{review}/decision"): ACT,
    ("DELETE", "/v1/reviews/{review}/decision"): ACT,
    ("GET", "/v1/packs"): READ,
    ("GET", "/v1/packs/{pack}"): READ,
    ("GET", "/v1/desired-packs"): POLL,
    ("POST", "/v1/packs/{pack}/check"): ACT,
    ("POST", "/v1/packs/{pack}/trial"): ACT,
    ("POST", "/v1/packs/{pack}/proposals"): ACT,
    ("GET", "/v1/pack-proposals"): READ,
    ("GET", "/v1/pack-proposals/{proposal}"): READ,
    ("POST", "/v1/pack-proposals/{proposal}/decision"): ACT,
    ("GET", "/v1/cameras"): READ,
    ("GET", "/v1/cameras/{camera}"): READ,
    ("POST", "/v1/cameras/{camera}/check"): ACT,
    ("POST", "/v1/cameras/{camera}/trial"): ACT,
    ("PUT", "/v1/cameras/{camera}/scene"): MANAGE,
    ("POST", "/v1/cameras/{camera}/snapshots"): ACT,
    ("GET", "/v1/cameras/{camera}/snapshots/{order}"): ACT,
}
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/v1/console"),
    ("POST", "/v1/enrol"),
    ("POST", "/v1/login"),
    ("GET", "/v1/login/oidc"),
    ("GET", "/v1/login/oidc/callback"),
    ("GET", "/v1/citizen/services"),
    ("POST", "/v1/citizen/reports"),
    ("GET", "/v1/track/{token}"),
    ("POST", "/v1/track/{token}/rating"),
    ("POST", "/v1/track/{token}/withdraw"),
    ("GET", "/open311/v2/discovery.{form}"),
    ("GET", "/open311/v2/services.{form}"),
    ("GET", "/open311/v2/services/{service_code}.{form}"),
    ("GET", "/open311/v2/requests.{form}"),
    ("GET", "/open311/v2/requests/{service_request_id}.{form}"),
    ("GET", "/open311/v2/tokens/{token}.{form}"),
}
"""Health; where a one-time token, a password, a tracking code or the word of a provider is the proof; what Open311
has everybody read, unless configured otherwise; and reports without a key, where the configuration takes them."""


def _status(client: httpx.Client, method: str, path: str) -> int:
    path = path.format(
        event_id="none",
        case_ref="none",
        subtask_id="none",
        sha256=SHA,
        name="none",
        box="none",
        token_id="none",
        notice_id="none",
        mapping="none",
        order_id="none",
        form="json",
        endpoint="none",
        indicator="none",
        model="none",
        version="1.0.0",
        review="none",
        camera="none",
        pack="none",
        proposal="0" * 32,
        order="0" * 32,
        user="none",
        key_id="none",
    )
    headers = {"X-Forwarded-For": "192.0.2.1"}  # so that /metrics does not take us for loopback
    with client.stream(method, path, headers=headers) as answer:
        return answer.status_code


def test_the_matrix_covers_every_route(server: Server) -> None:
    """A route that is not in the matrix fails this test."""
    with server.client(None) as client:
        paths = client.get("/openapi.json").json()["paths"]

    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}

    assert routes - set(ROLES) == OPEN


@pytest.mark.parametrize(("method", "path"), list(ROLES), ids=" ".join)
def test_no_key_is_401(server: Server, method: str, path: str) -> None:
    """Without a key nothing is told."""
    with server.client(None) as client:
        assert _status(client, method, path) == 401


@pytest.mark.parametrize(("method", "path"), list(ROLES), ids=" ".join)
@pytest.mark.parametrize("role", list(Role))
def test_only_the_roles_named_come_through(
    server: Server, method: str, path: str, role: Role
) -> None:
    """A wrong role is 403, a right one is not."""
    with server.client(role) as client:
        status = _status(client, method, path)

    assert (status == 403) == (role not in ROLES[method, path])
    assert status != 401
    assert status < 500


def test_metrics_from_this_machine_need_no_key(server: Server) -> None:
    """A scraper on the same machine is let in."""
    with server.client(None) as client:
        answer = client.get("/metrics")

    assert answer.status_code == 200
    assert "cityloop_api_projector_lag_events 0.0" in answer.text


@pytest.mark.parametrize("path", sorted(OPEN_PATHS))
def test_open_paths_need_no_key(server: Server, path: str) -> None:
    """Health and documentation are open."""
    with server.client(None) as client:
        assert client.get(path).status_code == 200


def test_the_docs_page_needs_no_internet(server: Server) -> None:
    """The page names no other host."""
    with server.client(None) as client:
        page = client.get("/docs").text

    assert "http://" not in page
    assert "https://" not in page


def test_x_api_key_is_taken_too(server: Server) -> None:
    """The key may come in a header of its own."""
    headers = {"X-API-Key": server.tokens[Role.READER]}

    assert httpx.get(f"{server.url}/v1/flow", headers=headers).status_code == 200
