"""Every curl and httpx snippet of the pages about people and other systems is run as it stands."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_api.keys import Role
from tests.contract.cloud_api.events import body_of, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ("orders", "citizens", "open311", "exports")


def _snippets(language: str) -> list[tuple[str, str]]:
    pattern = re.compile(rf"^```{language}\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    return [
        (page, found)
        for page in PAGES
        for found in pattern.findall((DOCS / f"{page}.md").read_text("utf-8"))
    ]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A server with a source, an event and a report, and what the snippets name."""
    folder = tmp_path_factory.mktemp("api")
    made = Server(folder, f"sqlite:///{folder}/api.sqlite", orders="[{mapping: hotline-12345}]")
    made.make_keys()
    made.start()
    with made.client(Role.GATEWAY) as client:
        client.post(
            "/v1/events",
            content=body_of(make_event(1)),
            headers={"Content-Type": "application/json"},
        )
    with made.client(Role.APP) as client:
        report = {"service_code": "2-04-06", "lon": 114.05, "lat": 22.54}
        code = client.post("/v1/reports", json=report).json()["tracking_code"]
    with made.client(None) as client:
        wait_for(lambda: client.get(f"/v1/track/{code}").json()["case_number"], "the report's case")
    names = {role.upper(): token for role, token in made.tokens.items()}
    yield made, names | {"API": made.url, "CODE": code}
    assert made.stop() == 0, (folder / "server.log").read_text()


@pytest.mark.parametrize(("page", "command"), _snippets("sh"))
def test_curls_do_what_they_say(
    told: tuple[Server, dict[str, str]], page: str, command: str
) -> None:
    """They succeed and answer with what is no problem."""
    if shutil.which("curl") is None:
        pytest.skip("curl is absent: install the Debian package curl")
    names = "".join(f"{name}={value}\n" for name, value in told[1].items())
    done = subprocess.run(
        ["bash", "-euc", f"{names}{command}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, f"{page}: {command}\n{done.stderr}"
    assert done.stdout.strip()
    assert "urn:cityloop:problem" not in done.stdout
    if done.stdout.startswith(("{", "[")):
        answered = json.loads(done.stdout)
        assert not (isinstance(answered, list) and "code" in answered[0]), done.stdout


@pytest.mark.parametrize(("page", "program"), _snippets("python"))
def test_programs_run(told: tuple[Server, dict[str, str]], page: str, program: str) -> None:
    """They get something."""
    names: dict[str, object] = dict(told[1])
    exec(compile(program, page, "exec"), names)

    assert names["size"]


def test_there_are_snippets() -> None:
    """A page that loses its snippets is noticed."""
    assert {page for page, _ in _snippets("sh")} == set(PAGES)
    assert _snippets("python")


@pytest.mark.parametrize("form", ["csv", "geojson", "parquet"])
def test_tables_come_with_a_name(told: tuple[Server, dict[str, str]], form: str) -> None:
    """As a file to keep."""
    with told[0].client(Role.READER) as client:
        answer = client.get(f"/v1/exports/events.{form}")

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == f'attachment; filename="events.{form}"'
    assert answer.content[:4] in {b"\xef\xbb\xbfe", b'{"ty', b"PAR1"}


def test_an_event_is_an_alert(told: tuple[Server, dict[str, str]]) -> None:
    """As CAP, for warning systems."""
    with told[0].client(Role.READER) as client:
        answer = client.get(f"/v1/events/{make_event(1).event_id}/cap")
        missing = client.get("/v1/events/none/cap")

    assert answer.headers["content-type"] == "application/cap+xml"
    assert b"<msgType>Alert</msgType>" in answer.content
    assert missing.status_code == 404
