"""The configuration that nats-server is given."""

import re
import stat
from pathlib import Path

import bcrypt
import msgspec
import pytest
from click.testing import CliRunner

from cityloop.hub.commands import main
from cityloop.hub.config import BoxUser, HubConfig, Listen, Role, ServiceUser, default_streams
from cityloop.hub.errors import RegistryError
from cityloop.hub.register import Register, hash_password
from cityloop.hub.server_config import render
from cityloop.hub.streams import stream_subjects
from contracts.topics import Kind
from runtime.errors import SecretError


def config(folder: Path, *boxes: str) -> HubConfig:
    """Return a configuration with an admin and some boxes."""
    for name in ("admin", *boxes):
        (folder / f"{name}.password").write_text(f"secret-of-{name}\n")
    return HubConfig(
        data_dir=str(folder / "data"),
        users=(
            ServiceUser(
                name="admin", role=Role.ADMIN, password_file=str(folder / "admin.password")
            ),
        ),
        boxes=tuple(
            BoxUser(box=b, district="d", site="s", password_file=str(folder / f"{b}.password"))
            for b in boxes
        ),
        bcrypt_cost=4,
    )


def yaml_file(folder: Path, loaded: HubConfig) -> str:
    """Write a configuration file (JSON is YAML) and return its path."""
    path = folder / "hub.yaml"
    path.write_bytes(msgspec.json.encode(loaded))
    return str(path)


def test_passwords_appear_as_hashes_only(tmp_path: Path) -> None:
    """The file holds bcrypt hashes of the right passwords, and no password."""
    text = render(config(tmp_path, "box-1"))

    hashes = re.findall(r'user: "([a-z0-9-]+)", password: "([^"]+)"', text)
    assert [user for user, _ in hashes] == ["admin", "box-1"]
    assert all(bcrypt.checkpw(f"secret-of-{user}".encode(), h.encode()) for user, h in hashes)
    assert all(h.startswith("$2a$04$") for _, h in hashes)
    assert "secret-of" not in text


def test_a_box_gets_its_own_subjects_only(tmp_path: Path) -> None:
    """Its line names its own eight topics to publish and three to hear."""
    text = render(config(tmp_path, "box-1"))

    (line,) = [line for line in text.splitlines() if '"box-1"' in line]
    subjects = re.findall(r'"(city[^"]*)"', line)
    assert len(subjects) == 11
    assert all(subject.startswith("city.v1.d.s.box-1.") for subject in subjects)
    assert "city.v1.d.s.box-1.config.reported" in subjects
    assert 'allowed_connection_types: ["MQTT"]' in line


def test_registered_boxes_are_users_too(tmp_path: Path) -> None:
    """A box added at run time stands beside the configured ones, with its password's hash."""
    loaded = config(tmp_path)
    password = Register(loaded.data).add("box-7", "d", "s", 4)

    text = render(loaded)

    found = re.search(r'user: "box-7", password: "([^"]+)"', text)
    assert found is not None
    assert bcrypt.checkpw(password.encode(), found[1].encode())


def test_a_box_can_be_registered_once(tmp_path: Path) -> None:
    """A second registration would lock the first box out."""
    register = Register(tmp_path)
    register.add("box-7", "d", "s", 4)

    with pytest.raises(RegistryError, match="'box-7' is registered already"):
        register.add("box-7", "d", "s", 4)


def test_a_name_given_twice_is_refused(tmp_path: Path) -> None:
    """A configured box and a registered one of the same name are told apart by a person."""
    loaded = config(tmp_path, "box-1")
    Register(loaded.data).add("box-1", "d", "s", 4)

    with pytest.raises(RegistryError, match="user 'box-1' is configured twice"):
        render(loaded)


def test_a_hub_without_an_administrator_is_refused(tmp_path: Path) -> None:
    """Nobody could make its streams."""
    loaded = msgspec.structs.replace(config(tmp_path), users=())

    with pytest.raises(RegistryError, match="no user has role 'admin'"):
        render(loaded)


def test_a_missing_password_file_is_named(tmp_path: Path) -> None:
    """The error names user and file."""
    loaded = config(tmp_path, "box-1")
    (tmp_path / "box-1.password").unlink()

    with pytest.raises(SecretError, match=r"hub user box-1: password file .*box-1\.password"):
        render(loaded)


def test_a_password_beyond_what_bcrypt_reads_is_refused() -> None:
    """Bytes after the 72nd would not count; better to refuse them."""
    with pytest.raises(RegistryError, match="at most 72 bytes"):
        hash_password("x" * 73, 4)


def test_every_box_channel_is_in_exactly_one_stream() -> None:
    """No kind of message is kept twice or not at all."""
    subjects = [s for stream in default_streams().values() for s in stream_subjects(stream)]

    kinds = {Kind(subject.rpartition(".")[2]) for subject in subjects}
    assert len(subjects) == len(set(subjects))
    assert {
        Kind.READINGS,
        Kind.TRACKS,
        Kind.COUNTS,
        Kind.OBSERVATIONS,
        Kind.URGENT,
        Kind.STATUS,
    } == kinds


def test_default_ports_are_on_loopback(tmp_path: Path) -> None:
    """Unless told otherwise, nobody outside this machine gets in."""
    text = render(config(tmp_path))

    assert re.findall(r"listen: (\S+)", text) == ['"127.0.0.1:4222"', '"127.0.0.1:1883"']


def test_adding_a_box_writes_a_private_file(tmp_path: Path) -> None:
    """The password is in a file of mode 0600, is the registered one, and is shown nowhere."""
    loaded = config(tmp_path)
    credentials = tmp_path / "box-5.secret"

    result = CliRunner().invoke(
        main,
        [
            "add-box",
            "box-5",
            "--district",
            "d",
            "--site",
            "s",
            "--credentials",
            str(credentials),
            "--config",
            yaml_file(tmp_path, loaded),
        ],
    )

    (login,) = Register(loaded.data).boxes()
    password = credentials.read_text().strip()
    assert result.exit_code == 0, result.output
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600
    assert bcrypt.checkpw(password.encode(), login.password_hash.encode())
    assert password not in result.output


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("Box 5", "expected 1 to 64 characters", id="illegal id"),
        pytest.param("admin", "is a user of", id="taken by a user"),
    ],
)
def test_adding_an_impossible_box_is_refused(tmp_path: Path, name: str, message: str) -> None:
    """Nothing is registered and no file is written."""
    loaded = config(tmp_path)
    credentials = tmp_path / "x.secret"

    result = CliRunner().invoke(
        main,
        [
            "add-box",
            name,
            "--district",
            "d",
            "--site",
            "s",
            "--credentials",
            str(credentials),
            "--config",
            yaml_file(tmp_path, loaded),
        ],
    )

    assert result.exit_code == 1
    assert message in result.output
    assert not credentials.exists()
    assert Register(loaded.data).boxes() == []


def test_a_faulty_configuration_is_told_with_its_line(tmp_path: Path) -> None:
    """The command prints file, line and column and ends with 1."""
    path = tmp_path / "hub.yaml"
    path.write_text("data_dir: x\nmqtt: {port: 99999}\n")

    result = CliRunner().invoke(main, ["config", "--config", str(path)])

    assert result.exit_code == 1
    assert f"{path}:2:14: mqtt.port: expected int <= 65535" in result.output


def test_the_health_of_a_hub_that_does_not_run(tmp_path: Path) -> None:
    """``health`` says what it could not reach and ends with 1."""
    loaded = msgspec.structs.replace(config(tmp_path), monitor=Listen(port=1))

    result = CliRunner().invoke(main, ["health", "--json", "--config", yaml_file(tmp_path, loaded)])

    body = msgspec.json.decode(result.output)
    assert result.exit_code == 1
    assert body["ok"] is False
    assert "127.0.0.1:1" in body["detail"]
