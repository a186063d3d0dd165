"""Evaluation over HTTP and on the command line."""

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import yaml
from click.testing import CliRunner

from cloud_api.evaluation_command import evaluate
from cloud_api.instants import from_us
from cloud_api.keys import Role
from tests.contract.cloud_api.events import body_of, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

HEADERS = {"Content-Type": "application/json"}


def test_a_month_is_evaluated_and_names_its_cases(server: Server) -> None:
    """Every indicator with formula and target; what was not measured says so; rows are case numbers."""
    month = datetime.now(UTC).strftime("%Y")
    with server.client(Role.ADMIN) as client:
        client.post("/v1/events", content=body_of(make_event(901)), headers=HEADERS)
        cases = wait_for(lambda: client.get("/v1/cases").json()["items"], "a case is open")
        card = client.get("/v1/evaluation", params={"period": month}).json()
        rows = client.get("/v1/evaluation/closure", params={"period": month}).json()
        missing = client.get("/v1/evaluation/closed", params={"period": month})
        wrong = client.get("/v1/evaluation", params={"period": "soon"})
    by_id = {line["id"]: line for line in card["indicators"]}

    assert by_id["closure"]["value"] == 0.0
    assert (by_id["satisfaction"]["value"], by_id["satisfaction"]["measured"]) == (None, False)
    assert all(line["formula_zh"] and line["formula_en"] for line in card["indicators"])
    assert {line["family"]["id"] for line in card["indicators"]} == {
        *("efficiency", "service", "coordination", "data")
    }
    assert set(rows["denominator"]) == {case["number"] for case in cases}
    assert (missing.status_code, wrong.status_code) == (404, 422)


def test_the_command_prints_draws_and_writes_json(server: Server, tmp_path: Path) -> None:
    """The same figures without a server."""
    config = tmp_path / "api.yaml"
    config.write_text(
        yaml.safe_dump({"database_url": server.config.database_url}), encoding="utf-8"
    )
    picture = tmp_path / "card.png"
    year = from_us(int(datetime.now(UTC).timestamp() * 1e6)).strftime("%Y")
    shown = CliRunner().invoke(evaluate, [year, "--config", str(config), "--plot", str(picture)])
    written = CliRunner().invoke(evaluate, [year, "--config", str(config), "--json"])
    refused = CliRunner().invoke(evaluate, ["soon", "--config", str(config)])

    assert shown.exit_code == 0, shown.output
    assert "按期结案率" in shown.output
    assert "not measured" in shown.output
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "lines" in msgspec.json.decode(written.stdout)
    assert refused.exit_code == 2
