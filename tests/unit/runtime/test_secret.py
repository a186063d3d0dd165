"""Passwords come from a file or the environment, and their errors tell no secret."""

from pathlib import Path

import pytest

from runtime.errors import Permanent, SecretError
from runtime.secret import read_secret


def test_a_file_holds_a_secret(tmp_path: Path) -> None:
    """The final newline is no part of it, spaces are."""
    path = tmp_path / "password"
    path.write_text(" a b \n")

    assert read_secret(str(path), None, "broker") == " a b "


def test_a_variable_holds_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment variable does as well."""
    monkeypatch.setenv("CITYLOOP_TEST", "secret")

    assert read_secret(None, "CITYLOOP_TEST", "broker") == "secret"


def test_no_source_means_no_secret() -> None:
    """Whoever names neither logs in without a password."""
    assert read_secret(None, None, "broker") is None


@pytest.mark.parametrize(
    ("file", "env", "message"),
    [
        ("none", None, "broker b: password file .*none: .*No such file"),
        ("empty", None, "broker b: password file .*empty is empty"),
        (None, "CITYLOOP_UNSET", "environment variable CITYLOOP_UNSET is empty or not set"),
        ("empty", "CITYLOOP_UNSET", "both a password file and a variable"),
    ],
    ids=["missing", "empty", "unset", "both"],
)
def test_a_secret_that_cannot_be_had_is_told(
    tmp_path: Path, file: str | None, env: str | None, message: str
) -> None:
    """The error names whose secret, where it should be, and what to do."""
    (tmp_path / "empty").write_text("\n")

    with pytest.raises(SecretError, match=message) as caught:
        read_secret(str(tmp_path / file) if file else None, env, "broker b")

    assert isinstance(caught.value, Permanent)


@pytest.mark.parametrize("secret", ["changethis", "Password", "cityloop", "123456"])
def test_a_default_that_everybody_knows_is_refused(tmp_path: Path, secret: str) -> None:
    """What examples leave behind is no secret; the error tells how to make one, not what it was."""
    (tmp_path / "p").write_text(secret)

    with pytest.raises(SecretError, match="default that everybody knows") as caught:
        read_secret(str(tmp_path / "p"), None, "hub user admin")

    assert secret not in str(caught.value).replace("CITYLOOP_DEMO", "")


def test_a_demonstration_may_use_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that says it is a toy is believed."""
    monkeypatch.setenv("CITYLOOP_DEMO", "1")
    (tmp_path / "p").write_text("changethis")

    assert read_secret(str(tmp_path / "p"), None, "hub user admin") == "changethis"
