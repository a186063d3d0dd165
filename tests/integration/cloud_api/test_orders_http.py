"""Orders come in over HTTP: signed, with a key, and asked for."""

import base64
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from standardwebhooks.webhooks import Webhook

from cloud_api.__main__ import main
from cloud_api.keys import Role
from cloud_api.orders.mapping import MAPPING_FOLDER, load_mapping, mapping_path
from tests.integration.cloud_api.conftest import Server, wait_for
from tests.integration.cloud_api.listeners import Listener, listening

pytestmark = pytest.mark.slow

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
CALL = load_mapping(mapping_path("hotline-12345")).golden[0].document
ROUNDS = load_mapping(mapping_path("grid-inspection")).golden[0].document


@pytest.fixture(scope="module")
def inspection() -> Iterator[Listener]:
    """The inspection app, which waits to be asked."""
    with listening() as found:
        found.content = ROUNDS.encode()
        yield found


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory, inspection: Listener) -> Iterator[Server]:
    """A server with three sources."""
    folder = tmp_path_factory.mktemp("api")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOTLINE_SECRET", SECRET)
        patch.setenv("INSPECTION_TOKEN", "let-me-in")
        made = Server(
            folder,
            f"sqlite:///{folder}/api.sqlite",
            orders="[{mapping: hotline-12345, secret_env: HOTLINE_SECRET}, {mapping: emergency-bureau}, "
            f"{{mapping: grid-inspection, url: '{inspection.url}/orders', token_env: INSPECTION_TOKEN, "
            "every_s: 1}]",
        )
        made.make_keys()
        made.start()
        yield made
        assert made.stop() == 0, (folder / "server.log").read_text()


def _signed(body: str, at_s: float) -> dict[str, str]:
    at = datetime.fromtimestamp(int(at_s), UTC)
    return {
        "webhook-id": "m-1",
        "webhook-timestamp": str(int(at_s)),
        "webhook-signature": Webhook(SECRET).sign("m-1", at, body),
    }


def test_a_signed_webhook_needs_no_key(joined: Server) -> None:
    """A signature of the reference library is believed; the same again is known."""
    headers = _signed(CALL, time.time())
    with joined.client(None) as client:
        first = client.post("/v1/orders/hotline-12345", content=CALL, headers=headers)
        again = client.post("/v1/orders/hotline-12345", content=CALL, headers=headers)

    assert first.json()["taken"][0]["outcome"] == "new"
    assert again.json()["taken"][0] == first.json()["taken"][0] | {"outcome": "same"}


@pytest.mark.parametrize(
    ("source", "body", "age_s"),
    [
        pytest.param("hotline-12345", CALL + " ", 0, id="changed-on-the-way"),
        pytest.param("hotline-12345", CALL, 3600, id="replayed-an-hour-later"),
        pytest.param("emergency-bureau", CALL, 0, id="a-source-without-secret"),
        pytest.param("nonsense", CALL, 0, id="no-source"),
    ],
)
def test_a_wrong_signature_is_401(joined: Server, source: str, body: str, age_s: int) -> None:
    """Nothing of it is read."""
    headers = _signed(CALL, time.time() - age_s)
    with joined.client(None) as client:
        answer = client.post(f"/v1/orders/{source}", content=body.encode(), headers=headers)

    assert answer.status_code == 401
    assert answer.json()["type"].endswith(":unauthenticated")


def test_a_table_comes_in_with_a_key(joined: Server) -> None:
    """Lines that cannot be read are named, the others are stored; the personal part needs the right role."""
    table = load_mapping(mapping_path("emergency-bureau")).golden[0].document
    line = table.splitlines()[1]
    with joined.client(Role.OPERATOR) as client:
        answer = client.post(
            "/v1/orders/emergency-bureau",
            content=(table + line.replace("YJ-2026-0601-7", "").replace("0\n", "x\n")).encode(),
        )
        order_id = answer.json()["taken"][0]["order_id"]
        purpose = {"X-Purpose": "to call back"}
        seen = client.get(f"/v1/orders/{order_id}", headers=purpose).json()
        unasked = client.get(f"/v1/orders/{order_id}").json()
        case_id = wait_for(
            lambda: client.get(f"/v1/orders/{order_id}").json()["case_id"], "the order's case"
        )
        listed = client.get("/v1/orders", params={"case_id": case_id}).json()["items"]
    with joined.client(Role.READER) as client:
        masked = client.get(f"/v1/orders/{order_id}").json()

    assert answer.json()["unread"] == [
        {"position": 1, "why": "source_id: nothing there, and no default; see the mapping"}
    ]
    assert (seen["level"], seen["personal"]["contact"]) == ("red", {"phone": "13900000000"})
    assert "13900000000" not in str(unasked)
    assert masked["personal"] is None
    assert [each["order_id"] for each in listed] == [order_id]


def test_nothing_readable_is_422(joined: Server) -> None:
    """The problem names the first item."""
    with joined.client(Role.GATEWAY) as client:
        answer = client.post("/v1/orders/hotline-12345", content=b'{"orderNo": "x"}')

    assert answer.status_code == 422
    assert answer.json()["unread"][0]["position"] == 0


def test_a_source_is_asked_with_its_token(joined: Server, inspection: Listener) -> None:
    """Its orders become cases; what officers found themselves is active discovery."""
    with joined.client(Role.READER) as client:
        found = wait_for(
            lambda: client.get("/v1/orders", params={"source": "grid-inspection"}).json()["items"],
            "polled orders",
        )

    assert sorted(each["source_id"] for each in found) == ["8812", "8813"]
    assert {each["discovery"] for each in found} == {"active"}
    assert inspection.heard[0].headers["authorization"] == "Bearer let-me-in"


def test_sources_say_what_they_are(joined: Server) -> None:
    """A mapping that was invented says so."""
    with joined.client(Role.READER) as client:
        listed = {each["mapping"]: each for each in client.get("/v1/order-sources").json()}

    assert (listed["hotline-12345"]["signed"], listed["grid-inspection"]["polled"]) == (True, True)
    assert "Invented" in listed["hotline-12345"]["what"]


def test_a_secret_that_is_absent_stops_the_start(tmp_path: Path) -> None:
    """It is said in one line."""
    (tmp_path / "api.yaml").write_text(
        f"database_url: sqlite:///{tmp_path}/a.sqlite\norders: [{{mapping: hotline-12345, secret_env: ABSENT}}]\n"
    )
    done = CliRunner().invoke(main, ["serve", "--config", str(tmp_path / "api.yaml")])

    assert done.exit_code == 2
    assert "environment variable ABSENT is empty" in done.output


def test_orders_check_and_try(tmp_path: Path) -> None:
    """The commands prove mappings and read documents without storing anything."""
    (tmp_path / "call.json").write_text(CALL, "utf-8")
    checked = CliRunner().invoke(main, ["orders", "check"])
    tried = CliRunner().invoke(
        main, ["orders", "try", "hotline-12345", str(tmp_path / "call.json")]
    )
    source = (MAPPING_FOLDER / "hotline-12345.yaml").read_text("utf-8")
    (tmp_path / "mine.yaml").write_text(source.replace("level: yellow", "level: red"), "utf-8")
    broken = CliRunner().invoke(main, ["orders", "check", str(tmp_path / "mine.yaml")])

    assert (checked.exit_code, tried.exit_code, broken.exit_code) == (0, 0, 1)
    assert '"level":"yellow"' in tried.output
    assert "expected 'red'" in broken.output


def test_a_body_over_the_limit_is_413(joined: Server) -> None:
    """Nothing of it is read."""
    headers = {"Authorization": f"Bearer {joined.tokens[Role.GATEWAY]}"}
    answer = httpx.post(
        f"{joined.url}/v1/orders/hotline-12345",
        content=b" " * (joined.config.body_bytes + 1),
        headers=headers,
        timeout=20,
    )

    assert answer.status_code == 413
