"""The files of docker/: linted, valid, and in agreement with what they start. No engine is needed."""

import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from cityloop.hub.config import HubConfig
from cloud_api.config import ApiConfig
from edge.config import load_edge_config
from gateway.config import GatewayConfig
from runtime.yaml_document import load_config
from simulators.config import SimulatorConfig
from tests.integration.packaging.wheels import REPOSITORY

DOCKER = REPOSITORY / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
COMPOSE_FILES = [DOCKER / "compose.yml", DOCKER / "compose.laptop.yml"]
SECRETS = {"CITYLOOP_DB_PASSWORD": "a", "INFLUX_PASSWORD": "b"}


def tool(name: str) -> str:
    """Return a development tool of this environment; skip where it is not installed."""
    path = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if path is None:
        pytest.skip(f"{name} is not installed")
    return path


def compose(path: Path) -> dict[str, Any]:
    """Return a compose file as data."""
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_is_content(path: Path) -> None:
    """The Dockerfile linter finds nothing."""
    done = subprocess.run(
        [tool("hadolint"), str(path)], check=False, capture_output=True, text=True, timeout=60
    )

    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_images_run_as_a_plain_user(path: Path) -> None:
    """The last user is a number that is not 0, there is a health check, and the module is started."""
    text = path.read_text(encoding="utf-8")

    assert re.findall(r"^USER (.+)$", text, flags=re.MULTILINE) == ["10001:10001"]
    assert "\nHEALTHCHECK " in text
    assert '\nENTRYPOINT ["python", "-m", ' in text


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_what_is_copied_is_there(path: Path) -> None:
    """Every source of a COPY from the build context exists in the repository."""
    text = path.read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.+)$", text, flags=re.MULTILINE):
        for source in line.split()[:-1]:
            assert (REPOSITORY / source).exists(), source


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_compose_schema(path: Path) -> None:
    """The file fits the compose specification."""
    done = subprocess.run(
        [tool("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(path)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_compose_config(path: Path) -> None:
    """docker-compose accepts it, with every variable filled in."""
    done = subprocess.run(
        [tool("docker-compose"), "-f", str(path), "config"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | SECRETS,
    )

    assert done.returncode == 0, done.stderr
    assert set(compose(path)["services"]) == set(yaml.safe_load(done.stdout)["services"])


@pytest.mark.slow
@pytest.mark.parametrize("missing", sorted(SECRETS))
def test_compose_refuses_to_start_without_passwords(missing: str) -> None:
    """There is no default password: a variable that is not set is an error that names it."""
    environment = {name: value for name, value in SECRETS.items() if name != missing}
    done = subprocess.run(
        [tool("docker-compose"), "-f", str(DOCKER / "compose.yml"), "config", "-q"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={name: value for name, value in os.environ.items() if name not in SECRETS}
        | environment,
    )

    assert done.returncode != 0
    assert f"set {missing} in docker/.env" in done.stderr


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_what_compose_mounts_is_there(path: Path) -> None:
    """Configurations exist, Dockerfiles exist, every secret and volume that is used is declared."""
    document = compose(path)
    for service in document["services"].values():
        if "build" in service:
            assert (REPOSITORY / service["build"]["dockerfile"]).is_file()
        for secret in service.get("secrets", []):
            assert secret in document["secrets"]
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (DOCKER / source).exists(), source
            else:
                assert source in document["volumes"], source


def test_configurations_are_valid() -> None:
    """Every file in docker/config is accepted by the service that it is mounted into."""
    folder = DOCKER / "config"
    kinds: dict[str, type] = {
        "hub.yaml": HubConfig,
        "gateway.yaml": GatewayConfig,
        "gateway.laptop.yaml": GatewayConfig,
        "cloud_api.yaml": ApiConfig,
        "cloud_api.laptop.yaml": ApiConfig,
        "simulators.yaml": SimulatorConfig,
    }
    for name, kind in kinds.items():
        assert isinstance(load_config(folder / name, kind), kind)
    assert load_edge_config(folder / "edge.yaml").box.box == "box-1"

    assert {path.name for path in folder.iterdir()} == {*kinds, "edge.yaml"}


def test_configurations_name_only_secrets_that_compose_mounts() -> None:
    """Each /run/secrets path in a service's configuration is a secret of that service."""
    for path in COMPOSE_FILES:
        for name, service in compose(path)["services"].items():
            mounted = [
                volume.split(":")[0]
                for volume in service.get("volumes", [])
                if volume.startswith("./config/")
            ]
            for config in mounted:
                text = (DOCKER / config).read_text(encoding="utf-8")
                wanted = set(re.findall(r"/run/secrets/([a-z0-9-]+)", text))

                assert wanted <= set(service.get("secrets", [])), (path.name, name)


class _Health(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def script(name: str, *arguments: str) -> int:
    """Return the exit status of a health script, run as the image runs it."""
    return subprocess.run(
        [sys.executable, "-I", str(DOCKER / name), *arguments],
        check=False,
        capture_output=True,
        timeout=30,
    ).returncode


def test_healthy_http_tells_well_from_ill() -> None:
    """200 is healthy; another answer, nobody there and a wrong call are not."""
    server = HTTPServer(("127.0.0.1", 0), _Health)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    well, ill = (
        script("healthy_http.py", f"{address}/healthz"),
        script("healthy_http.py", f"{address}/other"),
    )
    server.shutdown()
    server.server_close()
    thread.join(5.0)

    assert (well, ill) == (0, 1)
    assert script("healthy_http.py", f"{address}/healthz") == 1
    assert script("healthy_http.py", "file:///etc/passwd") == 2


def test_healthy_session_sees_a_real_connection() -> None:
    """A connection to one of the ports is healthy; a listener without one is not."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        before = script("healthy_session.py", port, "8883")
        with socket.create_connection(("127.0.0.1", int(port))):
            during = script("healthy_session.py", "8883", port)

    assert (before, during) == (1, 0)
    assert script("healthy_session.py") == 2
