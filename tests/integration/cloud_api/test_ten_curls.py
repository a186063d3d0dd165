"""docs/ten-curls.md does what it says: every fenced command is run against a real server."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cloud_api.keys import Role
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[3] / "docs" / "ten-curls.md"
JPEG = b"\xff\xd8\xff\xe0 a photo of a dry road \xff\xd9"


def _commands() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.DOTALL | re.MULTILINE)


def _json_values(text: str) -> list[dict[str, object]]:
    decoder, values, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at)
        values.append(value)
    return values


def test_ten_commands_take_a_case_all_the_way(server: Server, tmp_path: Path) -> None:
    """An event becomes a case, is handled, verified, closed and evaluated."""
    if shutil.which("curl") is None:
        pytest.skip("curl is absent: install the Debian package curl")
    (tmp_path / "photo.jpg").write_bytes(JPEG)
    names = f"API={server.url}\nGATEWAY={server.tokens[Role.GATEWAY]}\n"
    names += f"OPERATOR={server.tokens[Role.OPERATOR]}\n"
    kept = ""
    answers: list[list[dict[str, object]]] = []

    def run(command: str) -> list[dict[str, object]]:
        done = subprocess.run(
            ["bash", "-euc", f"{names}{kept}{command}\n"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return _json_values(done.stdout)

    for command in _commands():
        if "/v1/cases?" in command:

            def cases(command: str = command) -> list[dict[str, object]]:
                items = run(command)[0]["items"]
                assert isinstance(items, list)
                return items

            found = wait_for(cases, "a case")
            kept += f"CASE={found[0]['case_id']}\n"
        else:
            answers.append(run(command))
        if "SHA=$(" in command:
            kept += command.splitlines()[0] + "\n"

    assert len(_commands()) == 10
    assert answers[0] == [{"accepted": 1, "duplicates": 0, "rejected": []}]
    assert answers[1][0]["cause"] == {"expression": "depth_m >= 0.27", "values": {"depth_m": 0.3}}
    assert answers[4][0]["status"] == 409
    assert answers[4][0]["legal_moves"]
    last = answers[-1][0]
    assert isinstance(last["state"], dict)
    assert isinstance(last["timeline"], list)
    assert last["state"]["id"] == "evaluated"
    assert [entry["kind"] for entry in last["timeline"]].count("moved") == 7
