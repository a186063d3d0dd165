"""What strangers try: spoiled requests, bombs, injections, forged tokens; two servers on one empty database."""

import gzip
import hashlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud_api.keys import Role
from tests.contract.cloud_api.events import body_of, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

LIMIT = 20_000


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with small limits and two cases."""
    folder = tmp_path_factory.mktemp("attacked")
    made = Server(
        folder,
        f"sqlite:///{folder}/api.sqlite",
        body_bytes=LIMIT,
        evidence_item_bytes=LIMIT,
        models_item_bytes=LIMIT,
        limit_address_per_s=100_000,
        orders="[{mapping: weather-cap}]",
        cors_origins="[https://console.test]",
    )
    made.make_keys()
    made.start()
    with made.client(Role.ADMIN) as client:
        body = body_of(make_event(1), make_event(2, district="nanshan"))
        client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
        wait_for(lambda: len(client.get("/v1/cases").json()["items"]) == 2, "cases are open")
    yield made
    assert made.stop() == 0


def _routes(city: Server) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every route of OpenAPI, but the stream: method, path, description."""
    with city.client(None) as client:
        paths = client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), path, said)
        for path, methods in paths.items()
        for method, said in methods.items()
        if path != "/v1/stream"
    ]


@pytest.mark.timeout(400)
def test_spoiled_requests_meet_no_defect(city: Server, tmp_path: Path) -> None:
    """Schemathesis: no 5xx, no status and no media type that OpenAPI does not name."""
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{city.url}/openapi.json"),
        *("-H", f"Authorization: Bearer {city.tokens[Role.ADMIN]}"),
        *("--checks", "not_a_server_error,status_code_conformance,content_type_conformance"),
        *("--exclude-path", "/v1/stream", "--phases", "examples,coverage,fuzzing"),
        *("-n", "3", "--max-time", "40", "--seed", "1", "--no-shrink", "--continue-on-failure"),
        *("--request-timeout", "30", "--no-color", "--warnings", "off"),
        *("--generation-database", "none"),
    ]

    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_no_route_takes_a_body_over_the_limit(city: Server) -> None:
    """Declared or not, on every route that takes a body: 413, as OpenAPI says, and nothing else happens."""
    big = b"x" * (LIMIT + 1)
    other = []
    with city.client(Role.ADMIN) as client:
        for method, path, said in _routes(city):
            if "requestBody" not in said:
                continue
            asked = re.sub(r"\{form\}", "json", path)
            asked = re.sub(r"\{sha256\}", "a" * 64, asked)
            asked = re.sub(r"\{version\}", "1.0.0", asked)
            asked = re.sub(r"\{\w+\}", "none", asked)
            kinds = {"Content-Type": next(iter(said["requestBody"]["content"]))}
            for content in (big, iter([big[:9_000], big[9_000:]])):
                status = client.request(
                    method, asked, content=content, headers=kinds, params={"reason": "test"}
                ).status_code
                # 404: there is no such source of orders, and the body was not even read.
                if "413" not in said["responses"] or "408" not in said["responses"]:
                    other.append((method, path, 0))
                if status != 413 and (path, status) != ("/v1/orders/{mapping}", 404):
                    other.append((method, path, status))

    assert other == []


def test_no_route_inflates_a_bomb(city: Server) -> None:
    """A hundred megabytes in a hundred kilobytes are not unpacked, whoever says that they are."""
    bomb = gzip.compress(b"[" + b" " * 15_000_000, 9)[:LIMIT]
    other = []
    with city.client(Role.ADMIN) as client:
        for method, path, said in _routes(city):
            if "requestBody" not in said:
                continue
            asked = re.sub(r"\{sha256\}", "a" * 64, path.replace("{form}", "json"))
            asked = re.sub(r"\{\w+\}", "none", asked)
            headers = {
                "Content-Type": next(iter(said["requestBody"]["content"])),
                "Content-Encoding": "gzip",
            }
            status = client.request(method, asked, content=bomb, headers=headers).status_code
            if not 400 <= status < 500:
                other.append((method, path, status))

    assert other == []


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><alert><note>&c;</note></alert>'
)
OUTSIDE = (
    '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    "<alert><note>&x;</note></alert>"
)


@pytest.mark.parametrize("document", [LAUGHS, OUTSIDE], ids=["laughs", "outside"])
def test_xml_entities_are_refused(city: Server, document: str) -> None:
    """Neither blown up nor followed out of the document."""
    with city.client(Role.ADMIN) as client:
        answer = client.post(
            "/v1/orders/weather-cap",
            content=document.encode(),
            headers={"Content-Type": "application/cap+xml"},
        )

    assert answer.status_code == 422
    assert "root:" not in answer.text


INJECTIONS = (
    "' OR '1'='1",
    "'; DROP TABLE cases; --",
    "1) UNION SELECT token_sha256 FROM api_keys --",
    "%27%20OR%201=1",
    "futian' --",
    "\\' OR 1=1 --",
    "%",
    "_______",
)
PATHS = (
    "../../../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "....//etc/passwd",
    "%00",
    "/etc/passwd",
)


@pytest.mark.parametrize("payload", [*INJECTIONS, *PATHS])
def test_no_parameter_is_a_way_in(city: Server, payload: str) -> None:
    """In every path and query parameter of every route that reads: no defect, nothing given away."""
    hashes = [hashlib.sha256(token.encode()).hexdigest() for token in city.tokens.values()]
    secrets = ["root:x:", *hashes]
    other = []
    with city.client(Role.ADMIN) as client:
        before = len(client.get("/v1/cases").json()["items"])
        for method, path, said in _routes(city):
            if method != "GET":
                continue
            parameters = said.get("parameters", [])
            asked = re.sub(r"\{\w+\}", payload.replace("%", "%25"), path)
            query = {each["name"]: payload for each in parameters if each["in"] == "query"}
            for params in [{}, *({name: text} for name, text in query.items())]:
                answer = client.get(asked, params=params)
                given_away = any(secret in answer.text for secret in secrets)
                if answer.status_code >= 500 or given_away:
                    other.append((path, params, answer.status_code))
        stands = len(client.get("/v1/cases").json()["items"])

    assert other == []
    assert stands == before


def test_a_filter_is_a_value_and_no_pattern(city: Server) -> None:
    """What looks like SQL or like a wildcard matches nothing."""
    with city.client(Role.ADMIN) as client:
        found = [
            client.get("/v1/cases", params={name: text}).json().get("items", [])
            for name in ("person", "grid", "type")
            for text in INJECTIONS
        ]
        lines = client.get("/v1/audit", params={"action": "%"}).json()["items"]

    assert found == [[]] * (3 * len(INJECTIONS))
    assert lines == []


def _forged(city: Server) -> list[str]:
    real = city.tokens[Role.ADMIN]
    reader = city.tokens[Role.READER]
    prefix, key_id, secret = real.split("_", 2)
    none = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsInJvbGUiOiJhZG1pbiJ9."
    return [
        none,
        "null",
        "cityloop",
        f"{prefix}_{key_id}_",
        f"{prefix}_{key_id}_{reader.split('_', 2)[2]}",
        f"{prefix}_{key_id}_{secret[:-1]}",
        f"{prefix}_{key_id}_{secret}x",
        f"{prefix}_{key_id.upper()}_{secret}",
        f"session_{key_id}0000_{secret[:43]}",
        f"enrol_{key_id}_{secret}",
        "a" * 20_000,
        "' OR '1'='1",
        f"{real} {real}",
    ]


def test_forged_tokens_are_nobody(city: Server) -> None:
    """A JWT without a signature, somebody else's secret, one character more or less: 401."""
    statuses = set()
    with city.client(None) as client:
        for token in _forged(city):
            for headers in ({"Authorization": f"Bearer {token}"}, {"X-API-Key": token}):
                statuses.add(client.get("/v1/cases", headers=headers).status_code)

    assert statuses == {401}


def test_pages_of_other_sites_may_not_ask(city: Server) -> None:
    """A site that is named may, with its cookie; any other hears nothing that a browser would pass on."""
    with city.client(Role.READER) as client:
        ours, theirs = (
            client.get("/v1/flow", headers={"Origin": origin}).headers
            for origin in ("https://console.test", "https://evil.test")
        )
        asked = client.options(
            "/v1/modes",
            headers={"Origin": "https://evil.test", "Access-Control-Request-Method": "POST"},
        )

    assert ours["access-control-allow-origin"] == "https://console.test"
    assert ours["access-control-allow-credentials"] == "true"
    assert "access-control-allow-origin" not in theirs
    assert asked.status_code == 400


def test_browsers_are_told_what_answers_may_do(city: Server) -> None:
    """Data are not sniffed, framed, run or kept; a page runs nothing from elsewhere."""
    with city.client(Role.READER) as client:
        data = client.get("/v1/flow").headers
        page = client.get("/docs").headers
        problem = client.get("/v1/cases/none").headers

    for headers in (data, page, problem):
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "max-age" in headers["strict-transport-security"]
    assert data["content-security-policy"].startswith("default-src 'none'")
    assert data["cache-control"] == "no-store"
    assert "http" not in page["content-security-policy"]


def test_two_servers_start_on_one_empty_database(tmp_path: Path, database_url: str) -> None:
    """Schema, keys file and first admin: neither stumbles over the other, both serve."""
    both = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        both.append(
            Server(
                folder,
                database_url,
                keys_file=tmp_path / "api.keys",
                audit_heads=f"[{tmp_path / 'heads.jsonl'}]",
            )
        )
    commands = [
        [sys.executable, "-m", "cloud_api", "init", "--json", "--config", str(each.config_path)]
        for each in both
    ]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in commands]
    printed = [process.communicate(timeout=100)[0] for process in running]
    keys = [found[1] for text in printed if (found := re.search(rb'"admin_key":"([^"]+)"', text))]

    assert [process.returncode for process in running] == [0, 0]
    assert len(keys) == 1
    headers = {"Authorization": f"Bearer {keys[0].decode()}"}
    try:
        for server in both:
            server.start()
        statuses = [
            httpx.get(f"{server.url}/v1/cases", headers=headers, timeout=30.0).status_code
            for server in both
        ]
    finally:
        codes = [server.stop() for server in both if server.process is not None]

    assert (statuses, codes) == ([200, 200], [0, 0])
