"""The same stream of single posts on ours, on Alerta and on Alertmanager, and what each has after a restart.

Each server runs alone on the first core, takes the same number of alerts of which no two are alike, is ended by
SIGTERM, started again on what it stored, and asked how many it has.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from benchmarks import _alerta_peer as alerta
from benchmarks import _alertmanager_peer as alertmanager
from benchmarks._api_server import ApiServer, api_server, prepared
from benchmarks._posting import free_port, load, post_request, server_process, single
from tests.contract.cloud_api.postgres_server import fresh_database, missing, running_server

__all__ = ["beside_peers"]

ALERTS = 400
_WARM = 4
"""Of how many alerts one is sent before the clock runs: interpreters and pools take a while to be fast."""
_ROUNDS = 3
"""How often ours and Alerta take turns; the medians are told."""


class _Peer(NamedTuple):
    """A server that takes alerts: how it is run, what it is sent, and what it has."""

    running: Callable[[], AbstractContextManager[int]]
    request: Callable[[int], bytes]
    held: Callable[[int], int]


class _Seen(NamedTuple):
    rate: float
    before: int
    after: int


def _seen(peer: _Peer, alerts: int) -> _Seen:
    """Return how many posts per second a peer takes, and what it has before and after a restart."""
    with peer.running() as port:
        load(port, [peer.request(-number) for number in range(1, alerts // _WARM + 1)])
        rate, _ = load(port, [peer.request(number) for number in range(alerts)])
        before = peer.held(port)
    with peer.running() as port:
        after = peer.held(port)
    if before != alerts + alerts // _WARM:
        raise click.ClickException(
            f"{alerts + alerts // _WARM} alerts were answered, {before} are there"
        )
    return _Seen(rate, before, after)


def _ours(folder: Path, alerts: int) -> _Seen:
    database = f"sqlite:///{folder}/peers.sqlite"
    token = prepared(database)

    @contextmanager
    def running() -> Iterator[int]:
        with api_server(folder, database, token, name="peers") as server:
            yield server.port

    def held(port: int) -> int:
        server = ApiServer(port, token, 0)
        server.drain()
        with server.client() as client:
            return int(client.get("/v1/situation").raise_for_status().json()["running_events"])

    return _seen(_Peer(running, lambda _: post_request(token, single()), held), alerts)


def _started(
    command: Callable[[int], Sequence[str]], log: Path, extra: dict[str, str] | None = None
) -> Callable[[], AbstractContextManager[int]]:
    @contextmanager
    def running() -> Iterator[int]:
        port = free_port()
        with server_process(command(port), port, log, extra):
            yield port

    return running


def _alerta(folder: Path, database: str, alerts: int) -> _Seen:
    running = _started(alerta.command, folder / "alerta.log", alerta.settings(database))
    return _seen(
        _Peer(running, lambda n: post_request("", alerta.alert(n), "/alert"), alerta.held), alerts
    )


def _alertmanager(folder: Path, alerts: int) -> _Seen:
    running = _started(lambda port: alertmanager.command(folder, port), folder / "alertmanager.log")
    path = "/api/v2/alerts"
    return _seen(
        _Peer(running, lambda n: post_request("", alertmanager.alert(n), path), alertmanager.held),
        alerts,
    )


def _told(name: str, seen: _Seen) -> dict[str, object]:
    return {
        f"{name}_posts_per_s": round(seen.rate, 1),
        f"{name}_alerts_before_restart": seen.before,
        f"{name}_alerts_after_restart": seen.after,
    }


def _median(runs: Sequence[_Seen]) -> _Seen:
    """Return the run in the middle by rate, with the fewest alerts that any run had after its restart."""
    middle = sorted(runs, key=lambda run: run.rate)[len(runs) // 2]
    return middle._replace(after=min(run.after for run in runs))


def _in_turns(folder: Path, alerts: int) -> tuple[_Seen, _Seen]:
    """Return the medians of ours and of Alerta, each on an empty database every time."""
    ours, theirs = [], []
    with running_server() as url:
        for turn in range(_ROUNDS):
            made = folder / f"peers-{turn}"
            made.mkdir()
            ours.append(_ours(made, 10 * alerts))
            with fresh_database(url, f"alerta_{turn}") as database:
                theirs.append(_alerta(made, database, alerts))
    return _median(ours), _median(theirs)


def beside_peers(folder: Path, alerts: int = ALERTS) -> dict[str, object]:
    """Return the figures of ours and of the peers; None and the reason for one that cannot run here.

    Ours takes ten times as many: so fast that fewer would measure its start.
    """
    figures: dict[str, object] = {}
    absent = alerta.missing_alerta() or missing()
    if absent is None:
        ours, theirs = _in_turns(folder, alerts)
        figures |= _told("alerta", theirs) | {"over_alerta": round(ours.rate / theirs.rate, 1)}
    else:
        ours = _ours(folder, 10 * alerts)
        figures |= {"over_alerta": None, "alerta_missing": absent}
    figures |= _told("ours", ours)
    reason = alertmanager.missing_alertmanager()
    if reason is not None:
        return figures | {"over_alertmanager": None, "alertmanager_missing": reason}
    found = _alertmanager(folder, alerts)
    return (
        figures
        | _told("alertmanager", found)
        | {"over_alertmanager": round(ours.rate / found.rate, 2)}
    )
