"""The examples in the OpenAPI document are exchanges that a running server really makes.

With ``CITYLOOP_RECORD=1`` in the environment they are written anew.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import cloud_api
from cloud_api.openapi_examples import EXAMPLES, read_examples
from tests.integration.cloud_api.conftest import Server
from tests.integration.cloud_api.openapi_exchanges import WHO, exchange_cases
from tests.integration.cloud_api.openapi_exchanges_things import (
    exchange_cameras,
    exchange_models,
    exchange_packs,
)
from tests.integration.cloud_api.openapi_recorder import Recorder, alike, shape
from tests.integration.cloud_api.standing_car import standing_car, write_lines
from tests.integration.cloud_api.test_login import _add
from tests.integration.cloud_api.test_models_http import packed

pytestmark = pytest.mark.slow

FILE = Path(cloud_api.__file__).parent / EXAMPLES
WITHOUT = {
    "GET /v1/stream": "it never ends; docs/cloud_api.md shows its messages",
    "GET /metrics": "docs/cloud_api.md lists every metric",
    "GET /v1/login/oidc": "a redirect to the provider",
    "GET /v1/login/oidc/callback": "comes from the provider",
    "GET /v1/webhooks/{endpoint}/trouble": "nothing failed",
    "GET /v1/evidence/{sha256}": "the bytes of a picture",
    "POST /v1/logout": "no body, no answer",
    "POST /v1/cameras/{camera}/snapshots": "needs a hub and a box",
    "GET /v1/cameras/{camera}/snapshots/{order}": "needs a hub and a box",
    "GET /v1/models/{model}/versions/{version}/bundle": "the bytes of a bundle",
}
"""Routes without an example, and why."""

TAGS = {
    "events", "cases", "supervision", "dispatch", "evidence", "stream", "system", "people", "fleet",
    "notices", "orders", "citizens", "open311", "webhooks", "exports", "models",
    "evaluation", "audit", "cameras", "packs",
}  # fmt: skip
"""Parts of the API whose every route has an example or a reason to have none."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recorder, dict[str, Any]]]:
    """The exchanges of a day, and the OpenAPI document."""
    folder = tmp_path_factory.mktemp("api")
    (folder / "notices.yaml").write_text(
        "channels: [{id: siren, url_env: CITYLOOP_NO_SUCH_ADDRESS}]\n"
        "routes: [{id: all, occasions: [opened, closed], channels: [siren]}]\n"
    )
    made = Server(
        folder,
        f"sqlite:///{folder}/api.sqlite",
        orders="[{mapping: hotline-12345}]",
        profile="beijing-district",
        notices=folder / "notices.yaml",
        public_reports="true",
        trials=f"{{data: {folder / 'tracks.jsonl'}}}",
    )
    told = standing_car("street-1", "box-1", datetime.now(UTC), 30)
    write_lines(folder / "tracks.jsonl", "futian", "bay-road", told)
    made.make_keys()
    (folder / "password").write_text(WHO["password"])
    _add(made, WHO["name"], str(folder / "password"))
    made.start()
    record = Recorder(made)
    try:
        exchange_cases(record)
        exchange_cameras(record)
        exchange_packs(record)
        exchange_models(record, packed(folder, "street-sim", "1.4.0", 7))
        with made.client(None) as client:
            document = client.get("/openapi.json").json()
        yield record, document
    finally:
        record.close()
        status = made.stop()
    assert status == 0, (folder / "server.log").read_text()


def test_the_examples_are_what_the_server_answers(
    recorded: tuple[Recorder, dict[str, Any]],
) -> None:
    """Same status, same fields; where they differ, record them anew and look at what changed."""
    record, _ = recorded
    if os.environ.get("CITYLOOP_RECORD"):
        FILE.write_bytes(
            msgspec.json.format(msgspec.json.encode(record.found, order="sorted"), indent=1) + b"\n"
        )
    stored = read_examples()
    wrong = [
        key
        for key, example in record.found.items()
        if key not in stored
        or stored[key].status != example.status
        or not alike(shape(stored[key].response), shape(example.response))
    ]

    assert wrong == []


def test_every_route_has_an_example(recorded: tuple[Recorder, dict[str, Any]]) -> None:
    """Or a reason to have none."""
    _, document = recorded
    routes = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if set(operation.get("tags", [])) <= TAGS
    }

    assert routes - set(read_examples()) - set(WITHOUT) == set()


@pytest.mark.parametrize("key", sorted(read_examples()) if FILE.exists() else [])
def test_an_example_fits_its_schema(recorded: tuple[Recorder, dict[str, Any]], key: str) -> None:
    """As OpenAPI 3.1, that is JSON Schema 2020-12, has it."""
    _, document = recorded
    method, _, path = key.partition(" ")
    operation = document["paths"][path][method.lower()]
    example = read_examples()[key]
    parts = [
        (
            operation["responses"][str(example.status)].get("content", {}),
            example.media_type,
            example.response,
        )
    ]
    parts.append(
        (operation.get("requestBody", {}).get("content", {}), example.sent_as, example.request)
    )
    for content, media_type, value in parts:
        if value is None:
            continue
        described = content[media_type]
        schema = described.get("schema", {}) | {"components": document["components"]}
        jsonschema.Draft202012Validator(schema).validate(value)

        assert described["example"] == value
