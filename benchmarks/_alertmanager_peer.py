"""Prometheus Alertmanager, the peer that keeps alerts in memory: Debian's package prometheus-alertmanager."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import httpx
import msgspec

__all__ = ["alert", "command", "held", "missing_alertmanager"]

_NAMES = ("prometheus-alertmanager", "alertmanager")
_CONFIG = "route: {receiver: nobody, group_by: [district]}\nreceivers: [{name: nobody}]\n"


def _program() -> str | None:
    return next((found for name in _NAMES if (found := shutil.which(name))), None)


def missing_alertmanager() -> str | None:
    """Return why the peer cannot be run here, or None."""
    if _program() is None:
        return "no prometheus-alertmanager here: apt-get install prometheus-alertmanager"
    return None


def command(folder: Path, port: int) -> Sequence[str]:
    """Return how the peer is started, alone, with its storage in a folder."""
    (folder / "alertmanager.yml").write_text(_CONFIG)
    return [
        str(_program()),
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/alertmanager",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]


def alert(number: int) -> bytes:
    """Return a post of one alert that no other one repeats."""
    labels = {"alertname": "water.ponding", "district": "futian", "subject": f"wl-{number}"}
    text = {"summary": "underpass ponding 0.30 m"}
    return msgspec.json.encode([{"labels": labels, "annotations": text}])


def held(port: int) -> int:
    """Return how many alerts it has now."""
    answer = httpx.get(f"http://127.0.0.1:{port}/api/v2/alerts", timeout=60).raise_for_status()
    return len(answer.json())
