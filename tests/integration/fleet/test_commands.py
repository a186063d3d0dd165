"""``cityloop fleet`` against a real API, as an administrator uses it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cityloop.fleet.commands import main
from cloud_api.keys import Role
from tests.integration.cloud_api.conftest import Server

pytestmark = pytest.mark.slow

TABLE = """device,profile,district,site,box,lon,lat,cadence_s,lifecycle
water-1,water_level,nanshan,bay-road,box-1,113.93,22.53,10,active
lamp-1,street_lamp,nanshan,bay-road,box-1,113.94,22.53,,planned
"""


class Desk:
    """A running API and an administrator's command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api = Server(folder, f"sqlite:///{folder}/api.sqlite")
        self.api.make_keys()
        (folder / "admin.key").write_text(self.api.tokens[Role.ADMIN])
        (folder / "reader.key").write_text(self.api.tokens[Role.READER])

    def fleet(self, *words: str, key: str = "admin") -> Result:
        """Run a command and return what became of it."""
        where = ["--api", self.api.url, "--key-file", str(self.folder / f"{key}.key")]
        return CliRunner().invoke(main, [*words, *where], catch_exceptions=False)

    def file(self, name: str, text: str) -> str:
        """Write a file and return its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Yield a desk that all tests of this file share."""
    running = Desk(tmp_path_factory.mktemp("desk"))
    running.api.start()
    yield running
    assert running.api.stop() == 0


def test_a_table_is_tried_imported_and_exported(desk: Desk) -> None:
    """A dry run does nothing; the import does; the export holds what was imported."""
    table = desk.file("devices.csv", TABLE)
    tried = desk.fleet("import", table)
    before = desk.fleet("export", str(desk.folder / "before.csv"))
    done = desk.fleet("import", table, "--apply")
    desk.fleet("export", str(desk.folder / "after.csv"), "--district", "nanshan")
    after = (desk.folder / "after.csv").read_text()

    assert "nothing imported; it would be: 2 new" in tried.output
    assert "0 lines of devices" in before.output
    assert "imported: 2 new, 0 changed, 0 unchanged, 0 faulty lines" in done.output
    assert "water-1,water_level,nanshan,bay-road,box-1" in after


def test_faulty_lines_are_named_and_nothing_is_imported(desk: Desk) -> None:
    """The exit code is 1, and each fault has file and line."""
    table = desk.file("bad.csv", "device,profile,district,site\nwater-9,teapot,nanshan,s\n")
    done = desk.fleet("import", table, "--apply")

    assert done.exit_code == 1
    assert f"{table}:2: device 'water-9': profile 'teapot'" in done.output


def test_a_header_that_is_none_is_told(desk: Desk) -> None:
    """A table without its columns is refused in one line."""
    done = desk.fleet("import", desk.file("other.csv", "a,b\n1,2\n"))

    assert done.exit_code == 1
    assert "column 'device' is missing" in done.output


def test_a_token_is_made_listed_and_revoked(desk: Desk) -> None:
    """It is shown once, listed without its secret, and worthless after its revocation."""
    where = ("--box", "box-1", "--district", "nanshan", "--site", "bay-road")
    made = json.loads(desk.fleet("token", "create", *where, "--expires", "30m", "--json").output)
    desk.fleet("token", "revoke", made["token_id"])
    listed = json.loads(desk.fleet("token", "list", "--json").output)
    again = desk.fleet("token", "revoke", made["token_id"])

    assert made["token"].startswith("enrol_")
    assert made["token"] not in json.dumps(listed)
    assert [item["revoked_at"] is not None for item in listed] == [True]
    assert (again.exit_code, "was used or is revoked" in again.output) == (1, True)


def test_a_configuration_is_set_and_shown(desk: Desk) -> None:
    """Desired and reported stand side by side; while they differ the exit code is 1."""
    desk.fleet(
        "import",
        desk.file("b.csv", "box,district,site\nbox-2,nanshan,s\n"),
        "--kind",
        "boxes",
        "--apply",
    )
    wanted = desk.file("wanted.yaml", "status_every_s: 5\n")
    made = desk.fleet("config", "set", "box-2", wanted, "--reason", "try")
    shown = desk.fleet("config", "show", "box-2")

    assert "box box-2: version 1" in made.output
    assert "desired:  version 1" in shown.output
    assert "reported: nothing" in shown.output
    assert shown.exit_code == 1


def test_status_and_online_say_what_is_not_known(desk: Desk) -> None:
    """A box that nobody heard of is no offline one, and an unmeasured rate is none."""
    desk.fleet("import", desk.file("devices.csv", TABLE), "--apply")
    rates = json.loads(desk.fleet("online", "--json").output)
    (water,) = [rate for rate in rates if rate["profile"] == "water_level"]
    text = desk.fleet("online").output
    boxes = json.loads(desk.fleet("status", "--json").output)

    assert (water["registered"], water["ratio"], water["measured"]) == (1, None, False)
    assert "not measured" in text
    assert all(box["report"] is None for box in boxes)
    assert "boxes" in desk.fleet("status").output


def test_a_reader_may_look_and_not_change(desk: Desk) -> None:
    """A refusal is one line with the reason."""
    looked = desk.fleet("online", "--json", key="reader")
    changed = desk.fleet("revoke", "box-1", key="reader")

    assert looked.exit_code == 0
    assert changed.exit_code == 1
    assert "has role reader" in changed.output


def test_an_api_that_is_not_there_is_told(desk: Desk) -> None:
    """No traceback, but where it was looked for."""
    done = CliRunner().invoke(main, ["online", "--api", "http://127.0.0.1:9"])

    assert done.exit_code == 1
    assert "127.0.0.1:9" in done.output
