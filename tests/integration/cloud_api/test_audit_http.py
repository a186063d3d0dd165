"""The audit log of a running server: a line before each answer, heads at file and witness."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from cloud_api.__main__ import main
from cloud_api.audit.anchors import WitnessAnchor
from cloud_api.audit.heads import HeadSigner
from cloud_api.config import open_keybook
from cloud_api.errors import AnchorUnavailable
from cloud_api.keys import Role
from cloud_api.privacy.keybook import KeyBook
from tests.contract.cloud_api.events import body_of, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow

TOKEN = "witness-token-for-tests"


def _lines(server: Server, **query: str) -> list[dict[str, object]]:
    with server.client(Role.AUDITOR) as client:
        answer = client.get("/v1/audit", params=query)
    assert answer.status_code == 200
    items: list[dict[str, object]] = answer.json()["items"]
    return items


def test_a_read_has_its_line_when_the_answer_is_there(server: Server) -> None:
    """Who asked, for what, why: stored before the answer left."""
    with server.client(Role.READER) as client:
        client.get("/v1/cases/nobody-7", params={"x": "1"}, headers={"X-Purpose": "complaint 12"})

    line = _lines(server, action="GET /v1/cases/{case_ref}")[0]

    assert (line["target"], line["status"], line["purpose"]) == (
        "case_ref=nobody-7",
        404,
        "complaint 12",
    )
    assert json.loads(str(line["personal"])) == {
        "address": "127.0.0.1",
        "name": "reader-1",
        "query": "x=1",
    }


def test_posts_of_a_gateway_are_counted_by_the_second(server: Server) -> None:
    """Twenty posts are few lines that say twenty."""
    with server.client(Role.GATEWAY) as client:
        for number in range(20):
            body = body_of(make_event(1_000 + number))
            client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})

    def counted() -> list[dict[str, object]] | None:
        found = _lines(server, action="POST /v1/events")
        return found if sum(int(str(line["count"])) for line in found) >= 20 else None

    lines = wait_for(counted, "posts are counted")

    assert len(lines) < 20
    assert {line["status"] for line in lines} == {202}


def test_refusals_are_counted(server: Server) -> None:
    """Somebody without a key leaves a trace too."""
    with server.client(None) as client:
        client.get("/v1/flows")

    lines = wait_for(lambda: _lines(server, action="GET /v1/flows"), "the refusal is noted")

    assert (lines[0]["actor"], lines[0]["status"]) == ("", 401)


@pytest.mark.parametrize("role", [Role.READER, Role.OPERATOR, Role.GATEWAY])
def test_only_auditors_read_the_log(server: Server, role: Role) -> None:
    """Who works with cases does not read who else does."""
    with server.client(role) as client:
        assert client.get("/v1/audit").status_code == 403


def test_an_auditor_reads_nothing_else(server: Server) -> None:
    """Who watches does not act, and does not read cases."""
    with server.client(Role.AUDITOR) as client:
        assert client.get("/v1/cases").status_code == 403


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[tuple[str, KeyBook]]:
    """A witness as a process of its own, and the keys whose heads it believes."""
    book = KeyBook.open(tmp_path / "api.keys")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "cloud_api", "audit", "witness"),
            *("--file", str(tmp_path / "witnessed.jsonl"), "--port", str(port)),
            *("--public-key", HeadSigner(book).public_key, "--token-env", "WITNESS_TOKEN"),
        ],
        env=os.environ | {"WITNESS_TOKEN": TOKEN},
    )
    url = f"http://127.0.0.1:{port}/"

    def answers() -> bool:
        try:
            return httpx.get(url, timeout=5.0).status_code == 401
        except httpx.TransportError:
            return False

    try:
        wait_for(answers, "witness answers")
        yield url, book
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_a_witness_keeps_what_fits_and_refuses_the_rest(witness: tuple[str, KeyBook]) -> None:
    """Older, contradicting and foreign heads are refused; what was kept is given back."""
    url, book = witness
    anchor = WitnessAnchor(url, TOKEN)
    signer = HeadSigner(book)
    first, second = signer.sign(5, "a" * 64, 1), signer.sign(9, "b" * 64, 2)
    anchor.keep(first)
    anchor.keep(second)
    anchor.keep(second)

    for wrong, why in (
        (signer.sign(7, "c" * 64, 3), "older"),
        (signer.sign(9, "d" * 64, 3), "rewritten"),
        (HeadSigner(KeyBook({"x": bytes(32)})).sign(12, "e" * 64, 3), "not signed"),
    ):
        with pytest.raises(AnchorUnavailable, match=why):
            anchor.keep(wrong)
    with pytest.raises(AnchorUnavailable, match="401"):
        WitnessAnchor(url, "another").heads()
    assert anchor.heads() == [first, second]


def test_verify_finds_what_was_done_to_the_file(
    tmp_path: Path, witness: tuple[str, KeyBook], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a running server over heads at two places to the command that finds a cut tail."""
    url, _ = witness
    monkeypatch.setenv("WITNESS_TOKEN", TOKEN)
    kept = tmp_path / "heads.jsonl"
    made = Server(
        tmp_path,
        f"sqlite:///{tmp_path}/api.sqlite",
        audit_heads=json.dumps([str(kept), url]),
        audit_witness_token_env="WITNESS_TOKEN",
        audit_anchor_s=0.1,
    )
    made.make_keys()
    made.start()
    with made.client(Role.READER) as client:
        for _ in range(5):
            client.get("/v1/cases")
    assert made.stop() == 0

    command = ["audit", "verify", "--config", str(made.config_path), "--json"]
    sound = CliRunner().invoke(main, command)
    with sqlite3.connect(tmp_path / "api.sqlite") as database:
        database.execute("DELETE FROM audit_log WHERE seq > 3")
    cut = CliRunner().invoke(main, command)
    kept.unlink()
    by_witness = CliRunner().invoke(main, command)

    report = json.loads(sound.stdout)
    assert (sound.exit_code, report["flaws"]) == (0, 0)
    assert report["lines"] == report["anchored_through"] == 5
    assert (cut.exit_code, json.loads(cut.stdout)["findings"][0][0]) == (1, "cut_off")
    assert (by_witness.exit_code, json.loads(by_witness.stdout)["findings"][0][0]) == (
        1,
        "cut_off",
    )


def test_show_and_key_commands(server: Server) -> None:
    """Lines and the public key can be had without the server."""
    with server.client(Role.READER) as client:
        client.get("/v1/profile")
    config = ["--config", str(server.config_path)]

    shown = CliRunner().invoke(main, ["audit", "show", *config, "--limit", "500"])
    key = CliRunner().invoke(main, ["audit", "key", *config])

    actions = [json.loads(line)["action"] for line in shown.stdout.splitlines()]
    assert "GET /v1/profile" in actions
    assert key.stdout.strip() == HeadSigner(open_keybook(server.config)).public_key


def test_the_chain_is_told_whole_and_then_edited(server: Server) -> None:
    """An examination finds no flaw but what no head covers yet, says how far it looked, and serves for a while."""
    with server.client(Role.AUDITOR) as client:
        first = client.get("/v1/audit/chain").json()
        again = client.get("/v1/audit/chain").json()

    assert first["last"] >= first["first"] == 1
    assert {each["flaw"] for each in first["findings"]} <= {"unanchored"}
    assert again == first


def test_lines_that_say_why_are_found_among_many(server: Server) -> None:
    """Only they can have seen personal data; a page goes on behind the one before."""
    with server.client(Role.OPERATOR) as client:
        for number in range(3):
            client.get("/v1/cases", headers={"X-Purpose": f"inquiry {number}"})
            client.get("/v1/flow")
    with server.client(Role.AUDITOR) as client:
        page = client.get("/v1/audit", params={"personal": True, "limit": 2}).json()
        rest = client.get(
            "/v1/audit", params={"personal": True, "limit": 2, "cursor": page["next_cursor"]}
        ).json()

    assert [line["purpose"] for line in page["items"]] == ["inquiry 2", "inquiry 1"]
    assert rest["items"][0]["purpose"] == "inquiry 0"
