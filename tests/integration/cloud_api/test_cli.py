"""The command line, as a person or a script uses it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cloud_api.migrate import newest_version

pytestmark = pytest.mark.slow


def _run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    config = folder / "api.yaml"
    if not config.exists():
        config.write_text(
            f"database_url: sqlite:///{folder}/api.sqlite\nevidence_dir: {folder}/evidence\n"
        )
    return subprocess.run(
        [sys.executable, "-m", "cloud_api", *args, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_init_prints_the_first_key_once(tmp_path: Path) -> None:
    """The first run prints an admin key, the second says that there is one."""
    first = json.loads(_run(tmp_path, "init", "--json").stdout)
    second = json.loads(_run(tmp_path, "init", "--json").stdout)

    assert first["admin_key"].startswith("cityloop_")
    assert second == {"schema": newest_version(), "admin_key": None}


def test_keys_are_made_listed_and_revoked(tmp_path: Path) -> None:
    """A key's life on the command line; its secret is shown once."""
    _run(tmp_path, "init")
    made = json.loads(
        _run(tmp_path, "keys", "create", "--name", "gw", "--role", "gateway", "--json").stdout
    )
    revoked = _run(tmp_path, "keys", "revoke", made["key_id"])
    listed = _run(tmp_path, "keys", "list", "--json")

    found = {key["key_id"]: key for key in json.loads(listed.stdout)}
    assert revoked.returncode == 0
    assert found[made["key_id"]]["revoked_at"] is not None
    assert made["key"] not in listed.stdout


def test_rebuild_says_whether_all_was_well(tmp_path: Path) -> None:
    """An untouched database is as it was: status 0."""
    _run(tmp_path, "init")

    done = _run(tmp_path, "rebuild", "--json")

    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert report["digest_before"] == report["digest_after"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("prot: 80\n", "prot", id="unknown field"),
        pytest.param("port: http\n", "port", id="wrong type"),
        pytest.param("database_url: mysql://x/y\n", "sqlite or postgresql", id="database"),
        pytest.param("database_url: postgresql://u:p@h/d\n", "password", id="password in url"),
        pytest.param("flow: missing\ndatabase_url: sqlite:///x\n", "general", id="flow"),
    ],
)
def test_a_bad_configuration_is_one_clear_line(tmp_path: Path, text: str, expected: str) -> None:
    """The server does not start; the error names the field and what to do."""
    (tmp_path / "api.yaml").write_text(text)

    done = _run(tmp_path, "serve")

    assert done.returncode == 2
    assert expected in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_unreachable_postgresql_is_one_clear_line(tmp_path: Path) -> None:
    """A database that does not answer is named."""
    (tmp_path / "api.yaml").write_text(
        "database_url: postgresql://cityloop@127.0.0.1:1/none\ndatabase_timeout_s: 1\n"
    )

    done = _run(tmp_path, "migrate")

    assert done.returncode == 2
    assert "check database_url" in done.stderr
