"""Alerta, the peer: the same load on it, over PostgreSQL, from an environment of its own.

``CITYLOOP_ALERTA`` names the ``bin`` folder of a virtual environment with ``alerta-server``, ``gunicorn`` and
``psycopg2-binary``; it clashes with nothing of ours because it is only started as a process.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import httpx
import msgspec

__all__ = ["alert", "command", "held", "missing_alerta", "settings"]

_ENV = "CITYLOOP_ALERTA"


def missing_alerta() -> str | None:
    """Return why the peer cannot be run here, or None."""
    folder = os.environ.get(_ENV)
    if not folder:
        return f"{_ENV} is unset: name the bin folder of an environment with alerta-server"
    if not (Path(folder) / "gunicorn").exists():
        return (
            f"{folder}/gunicorn is absent: install alerta-server, gunicorn, psycopg2-binary there"
        )
    return None


def command(port: int) -> Sequence[str]:
    """Return how the peer is started: one worker, as ours; its plain kind keeps no connection open."""
    gunicorn = Path(os.environ[_ENV]) / "gunicorn"
    kind = ("-k", "gthread", "--threads", "8", "--keep-alive", "60", "--timeout", "120")
    bind = ("-b", f"127.0.0.1:{port}", "--preload", "alerta:create_app()")
    return [str(gunicorn), "-w", "1", *kind, *bind]


def settings(database: str) -> dict[str, str]:
    """Return the peer's environment: no login, a fresh database."""
    return {"DATABASE_URL": database, "SECRET_KEY": "benchmark", "AUTH_REQUIRED": "False"}


def alert(number: int) -> bytes:
    """Return an alert that no other one repeats."""
    return msgspec.json.encode(
        {
            "resource": f"wl-{number}",
            "event": "water.ponding",
            "environment": "Production",
            "severity": "major",
            "service": ["futian"],
            "text": "underpass ponding 0.30 m",
        }
    )


def held(port: int) -> int:
    """Return how many alerts it has now."""
    answer = httpx.get(f"http://127.0.0.1:{port}/alerts/count", timeout=60).raise_for_status()
    return int(answer.json()["total"])
