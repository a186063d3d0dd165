"""Models at a real server: publish, promote, roll out, fetch, and who may do what."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from cloud_api.keys import Role
from models.bundles.packing import PackingPlan, pack_model
from runtime.bundles.trust import TrustBook, new_private_key, public_bytes_of, save_trust
from tests.blob_network import write_blob_network, write_golden
from tests.integration.cloud_api.conftest import Server

pytestmark = pytest.mark.slow

AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
BYTES = {"Content-Type": "application/octet-stream"}
KEY = new_private_key()


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server that trusts one key."""
    folder = tmp_path_factory.mktemp("registry")
    book = folder / "model-keys.json"
    save_trust(book, TrustBook().trust(public_bytes_of(KEY), "model room", AT))
    made = Server(folder, f"sqlite:///{folder}/api.sqlite", models_trust=book)
    made.make_keys()
    made.start()
    with made.client(Role.ADMIN) as admin:
        for number in range(1, 5):
            where = {"district": f"d-{number % 2}", "site": "s-1"}
            assert admin.put(f"/v1/boxes/b-{number}", json=where).status_code == 200
    yield made
    made.stop()


def packed(
    folder: Path, model: str, version: str, counter: int, *, stranger: bool = False
) -> bytes:
    """Return a signed bundle."""
    plan = PackingPlan(
        id=model,
        version=version,
        counter=counter,
        licence="Apache-2.0",
        network=write_blob_network(folder / "blob.onnx"),
        golden=write_golden(folder / "golden.png"),
    )
    out = folder / f"{version}.clmodel"
    pack_model(plan, out, [new_private_key() if stranger else KEY], AT)
    return out.read_bytes()


def publish(client: httpx.Client, model: str, version: str, content: bytes) -> httpx.Response:
    """Upload a bundle."""
    where = f"/v1/models/{model}/versions/{version}/bundle"
    return client.put(where, content=content, headers=BYTES)


def promote(client: httpx.Client, model: str, version: str, stage: str) -> httpx.Response:
    """Move a version to another stage."""
    return client.post(f"/v1/models/{model}/versions/{version}/stage", json={"stage": stage})


def roll_out(client: httpx.Client, model: str, *rules: dict[str, object]) -> httpx.Response:
    """Make rules."""
    where = f"/v1/models/{model}/rollout"
    return client.put(where, params={"reason": "test"}, json={"rules": rules})


def test_a_version_is_published_once_and_fetched_in_parts(registry: Server, tmp_path: Path) -> None:
    """The same bytes again are fine, other bytes are not; a box may fetch the rest of them."""
    content = packed(tmp_path, "street", "1.0.0", 1)
    where = "/v1/models/street/versions/1.0.0/bundle"
    with registry.client(Role.ADMIN) as admin, registry.client(Role.BOX) as box:
        first, again = (publish(admin, "street", "1.0.0", content) for _ in range(2))
        other = publish(admin, "street", "1.0.0", packed(tmp_path, "street", "1.0.0", 2))
        tag = box.get(where).headers["etag"]
        rest = box.get(where, headers={"Range": "bytes=100-", "If-Range": tag})
        changed = box.get(where, headers={"Range": "bytes=100-", "If-Range": '"another"'})

    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert other.json()["type"].endswith("model-conflict")
    assert (rest.status_code, rest.content) == (206, content[100:])
    assert (changed.status_code, changed.content) == (200, content)
    assert tag == f'"{first.json()["sha256"]}"'


@pytest.mark.parametrize(
    ("version", "counter", "status", "said"),
    [("1.1.0", 5, 409, "counter 5 is not above 5"), ("1.2.0", 4, 409, "counter 4 is not above 5")],
)
def test_a_counter_must_rise(
    registry: Server, tmp_path: Path, version: str, counter: int, status: int, said: str
) -> None:
    """What boxes would refuse as older is not even published."""
    with registry.client(Role.ADMIN) as admin:
        publish(admin, "rising", "1.0.0", packed(tmp_path, "rising", "1.0.0", 5))
        answer = publish(admin, "rising", version, packed(tmp_path, "rising", version, counter))

    assert (answer.status_code, said in answer.json()["detail"]) == (status, True)


def test_bad_bundles_are_not_published(registry: Server, tmp_path: Path) -> None:
    """A stranger's signature, changed bytes, another version, no bundle at all: 422, and why."""
    good = packed(tmp_path, "bad", "1.0.0", 1)
    with registry.client(Role.ADMIN) as admin:
        answers = [
            publish(admin, "bad", "1.0.0", packed(tmp_path, "bad", "1.0.0", 1, stranger=True)),
            publish(admin, "bad", "1.0.0", good[:-1] + b"x"),
            publish(admin, "bad", "1.0.1", good),
            publish(admin, "bad", "1.0.0", b"GIF89a"),
        ]
        listed = admin.get("/v1/models/bad")
    reasons = [answer.json()["detail"] for answer in answers]

    assert [answer.status_code for answer in answers] == [422] * 4
    assert "is not trusted here" in reasons[0]
    assert "was changed or damaged" in reasons[1]
    assert "a bundle of bad 1.0.0; the path says bad 1.0.1" in reasons[2]
    assert "does not begin like a model bundle" in reasons[3]
    assert listed.status_code == 404


def test_a_rollout_reaches_the_desired_configurations(registry: Server, tmp_path: Path) -> None:
    """By box, by district, and beside what a person has configured; a new box is told as well."""
    with registry.client(Role.ADMIN) as admin:
        admin.put("/v1/boxes/b-1/config", params={"reason": "x"}, json={"status_every_s": 5})
        for version, counter in (("1.0.0", 1), ("2.0.0", 2)):
            publish(admin, "rolled", version, packed(tmp_path, "rolled", version, counter))
            promote(admin, "rolled", version, "released")
        made = roll_out(
            admin,
            "rolled",
            {"version": "2.0.0", "boxes": ["b-1"]},
            {"version": "1.0.0", "districts": ["d-0"]},
            {"version": "2.0.0", "shadow_share": 0.2, "districts": ["d-0"]},
        )
        again = roll_out(admin, "rolled", *made.json()["rules"])
        admin.put("/v1/boxes/b-6", json={"district": "d-0", "site": "s-1"})
        admin.put("/v1/boxes/b-1/config", params={"reason": "y"}, json={"status_every_s": 6})
        configs = {
            name: (admin.get(f"/v1/boxes/{name}/config").json()["desired"] or {}).get("config", {})
            for name in ("b-1", "b-2", "b-3", "b-6")
        }
        boxes = admin.get("/v1/models/rolled/boxes").json()["items"]
    wished = {
        name: {kind: ref["version"] for kind, ref in config["models"]["rolled"].items()}
        for name, config in configs.items()
        if "models" in config
    }

    assert made.json()["boxes_changed"] == 3
    assert again.json()["boxes_changed"] == 0
    assert wished == {
        "b-1": {"active": "2.0.0"},
        "b-2": {"active": "1.0.0", "candidate": "2.0.0"},
        "b-6": {"active": "1.0.0", "candidate": "2.0.0"},
    }
    assert configs["b-1"]["status_every_s"] == 6
    assert {item["box"]: item["wished"] for item in boxes} == {
        "b-1": "2.0.0",
        "b-2": "1.0.0",
        "b-4": "1.0.0",
        "b-6": "1.0.0",
    }


def test_only_what_is_released_may_count(registry: Server, tmp_path: Path) -> None:
    """A published version runs in the shadow only; what is rolled out cannot be withdrawn."""
    with registry.client(Role.ADMIN) as admin:
        publish(admin, "staged", "1.0.0", packed(tmp_path, "staged", "1.0.0", 1))
        early = roll_out(admin, "staged", {"version": "1.0.0"})
        shadow = roll_out(admin, "staged", {"version": "1.0.0", "shadow_share": 0.1})
        held = promote(admin, "staged", "1.0.0", "withdrawn")
        roll_out(admin, "staged")
        withdrawn = promote(admin, "staged", "1.0.0", "withdrawn")
        gone = admin.get("/v1/models/staged/versions/1.0.0/bundle")
        back = promote(admin, "staged", "1.0.0", "released")

    assert (early.status_code, shadow.status_code, held.status_code) == (422, 200, 409)
    assert "expected one that is released" in early.json()["detail"]
    assert (withdrawn.status_code, gone.status_code, back.status_code) == (200, 404, 409)


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.READER, Role.GATEWAY, Role.BOX])
def test_who_is_no_administrator_changes_nothing(
    registry: Server, tmp_path: Path, role: Role
) -> None:
    """Publishing, promoting and rolling out are for administrators."""
    with registry.client(role) as client:
        answers = [
            publish(client, "street", "9.0.0", packed(tmp_path, "street", "9.0.0", 99)),
            promote(client, "street", "1.0.0", "released"),
            roll_out(client, "street"),
        ]

    assert [answer.status_code for answer in answers] == [403] * 3


def test_every_change_is_in_the_audit_log(registry: Server, tmp_path: Path) -> None:
    """Who published, promoted and rolled out can be read there."""
    with registry.client(Role.ADMIN) as admin:
        publish(admin, "audited", "1.0.0", packed(tmp_path, "audited", "1.0.0", 1))
        promote(admin, "audited", "1.0.0", "released")
        roll_out(admin, "audited", {"version": "1.0.0"})
    with registry.client(Role.AUDITOR) as auditor:
        said = auditor.get("/v1/audit", params={"limit": 200}).text

    assert "PUT /v1/models/{model}/versions/{version}/bundle" in said
    assert "POST /v1/models/{model}/versions/{version}/stage" in said
    assert "PUT /v1/models/{model}/rollout" in said
