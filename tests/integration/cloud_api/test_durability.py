"""What was answered is kept, whatever happens to the process."""

import queue
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from cloud_api.bootstrap import open_database
from cloud_api.database import Lane
from cloud_api.keys import Role
from cloud_api.migrate import newest_version, schema_version
from cloud_api.queries import CaseFilter, list_cases
from tests.contract.cloud_api.events import body_of, event_id, make_event
from tests.integration.cloud_api.conftest import Server, wait_for

pytestmark = pytest.mark.slow
JSON = {"Content-Type": "application/json"}


def _post_until_it_breaks(
    server: Server, first: int, answered: "queue.Queue[int]", started: threading.Barrier
) -> None:
    with server.client(Role.GATEWAY) as client:
        started.wait()
        try:
            for number in range(first, first + 100_000):
                body = body_of(make_event(number))
                answer = client.post("/v1/events", content=body, headers=JSON)
                if answer.status_code == 202:
                    answered.put(number)
        except httpx.TransportError:
            return


def test_kill_9_loses_nothing_that_was_answered(cold_server: Server) -> None:
    """Posters hammer the server while it is killed, twice; every 2xx is a case afterwards."""
    answered: queue.Queue[int] = queue.Queue()
    for round_ in range(2):
        cold_server.start()
        target = answered.qsize() + 150

        def enough(target: int = target) -> bool:
            return answered.qsize() >= target

        started = threading.Barrier(5)
        posters = [
            threading.Thread(
                target=_post_until_it_breaks,
                args=(cold_server, (round_ * 4 + lane) * 1_000_000, answered, started),
            )
            for lane in range(4)
        ]
        for poster in posters:
            poster.start()
        started.wait()
        wait_for(enough, "posts are answered")
        cold_server.kill()
        for poster in posters:
            poster.join()

    cold_server.start()
    wanted = {event_id(number) for number in answered.queue}

    def projected() -> bool:
        health = httpx.get(f"{cold_server.url}/healthz", timeout=10).json()
        return bool(health["projector_lag_events"] == 0)

    wait_for(projected, "everything is projected")
    store = open_database(cold_server.config)
    with store.read() as connection:
        cases = list_cases(connection, CaseFilter(), before=None, limit=1_000_000)
    store.dispose()
    linked = [link.event_id for case in cases for link in case.events]
    assert len(wanted) >= 300
    assert wanted - set(linked) == set()
    assert len(linked) == len(set(linked))
    assert cold_server.stop() == 0


def test_two_servers_may_start_at_once_on_an_empty_database(cold_server: Server) -> None:
    """Neither crashes: one makes the schema, the other finds it made."""
    command = [sys.executable, "-m", "cloud_api", "migrate", "--config"]
    for suffix in ("", "-wal", "-shm"):
        (cold_server.folder / f"api.sqlite{suffix}").unlink(missing_ok=True)

    both = [
        subprocess.Popen(
            [*command, str(cold_server.config_path)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in both]

    assert outputs == [f"database at schema {newest_version()}\n"] * 2
    assert [process.returncode for process in both] == [0, 0]
    store = open_database(cold_server.config)
    assert schema_version(store) == newest_version()
    store.dispose()


def test_a_locked_database_is_503(tmp_path: Path) -> None:
    """Posts are refused, not lost, while somebody holds SQLite's write lock; then it goes on."""
    server = Server(tmp_path, f"sqlite:///{tmp_path}/api.sqlite", database_timeout_s=1)
    server.make_keys()
    server.start()
    store = open_database(server.config)
    body = body_of(make_event())

    with server.client(Role.GATEWAY) as client:
        with store.write(Lane.INTAKE):
            refused = client.post("/v1/events", content=body, headers=JSON)
        accepted = client.post("/v1/events", content=body, headers=JSON)

    store.dispose()
    server.stop()
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["type"] == "urn:cityloop:problem:store-unavailable"
    assert accepted.json()["accepted"] == 1
