"""Commands about people: users add, list, lock, unlock, password, roles."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from cloud_api.told_errors import errors_told

if TYPE_CHECKING:
    from cloud_api.people.opening import OpenPeople
    from cloud_api.people.scope import Scope

__all__ = ["SCOPE_OPTIONS", "scope_of", "users"]

_CONFIG = click.option(
    "--config",
    "config_path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The API's YAML file.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_ROLES = ["operator", "reader", "auditor", "admin"]
_PASSWORD_FILE = click.option(
    "--password-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the password; without it the command asks.",
)
SCOPE_OPTIONS = (
    click.option("--district", "districts", multiple=True, help="See only this district; repeat."),
    click.option(
        "--department", "departments", multiple=True, help="See only this department's; repeat."
    ),
    click.option(
        "--grid", "grids", multiple=True, help="See only grid codes that begin so; repeat."
    ),
)


@contextmanager
def _opened(config_path: Path | None) -> Iterator["OpenPeople"]:
    """Yield the register of users; say our own errors in one line and leave with status 2."""
    from cloud_api.config import load_api_config  # noqa: PLC0415 - --help stays quick
    from cloud_api.people.opening import open_people  # noqa: PLC0415 - as above

    with errors_told():
        opened = open_people(load_api_config(config_path))
        try:
            yield opened
        finally:
            opened.store.dispose()


def scope_of(
    districts: tuple[str, ...], departments: tuple[str, ...], grids: tuple[str, ...]
) -> "Scope":
    """Return the scope that options name.

    Raises:
        InvalidInput: one of them is no id or code.
    """
    from cloud_api.errors import InvalidInput  # noqa: PLC0415 - --help stays quick
    from cloud_api.people.scope import Scope  # noqa: PLC0415 - as above

    asked = {"districts": districts, "departments": departments, "grids": grids}
    try:
        return msgspec.convert(asked, Scope)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"scope: {error}") from error


def _password(path: Path | None) -> str:
    from runtime.secret import read_secret  # noqa: PLC0415 - --help stays quick

    if path is None:
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    return read_secret(str(path), None, "password") or ""


@click.group()
def users() -> None:
    """People who log in: add, list, lock, change."""


@users.command()
@_CONFIG
@click.argument("name")
@click.option("--role", required=True, type=click.Choice(_ROLES), help="What he may do.")
@SCOPE_OPTIONS[0]
@SCOPE_OPTIONS[1]
@SCOPE_OPTIONS[2]
@_PASSWORD_FILE
@click.option("--issuer", help="He logs in at this OpenID provider, not with a password.")
@click.option("--subject", help="Who he is there; without it, whoever comes first under his name.")
def add(
    config_path: Path | None,
    name: str,
    role: str,
    districts: tuple[str, ...],
    departments: tuple[str, ...],
    grids: tuple[str, ...],
    password_file: Path | None,
    issuer: str | None,
    subject: str | None,
) -> None:
    """Add a user, with a password or for logins at an OpenID provider."""
    from cloud_api.keys import Role  # noqa: PLC0415 - --help stays quick

    with _opened(config_path) as people:
        scope = scope_of(districts, departments, grids)
        hashed = None if issuer else people.passwords.hash(_password(password_file))
        people.register.add(
            name,
            Role(role),
            scope,
            people.now,
            password_hash=hashed,
            issuer=issuer,
            subject=subject,
        )
        people.note("users.add", f"name={name} role={role}")
    click.echo(f"user {name} is added")


@users.command("list")
@_CONFIG
@_JSON
def list_users(config_path: Path | None, as_json: bool) -> None:
    """List users, never their passwords."""
    with _opened(config_path) as people:
        found = people.register.list()
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    for user in found:
        bounds = [*user.scope.districts, *user.scope.departments, *user.scope.grids]
        where = ", ".join(bounds) or "everything"
        state = "locked" if user.locked_at_us else "may log in"
        click.echo(f"{user.name}  {user.role}  {where}  {state}")


@users.command()
@_CONFIG
@click.argument("name")
def lock(config_path: Path | None, name: str) -> None:
    """Lock a user out and end his sessions; running servers notice within key_cache_s."""
    with _opened(config_path) as people:
        people.register.change(name, people.now, locked=True)
        people.note("users.lock", f"name={name}")
    click.echo(f"user {name} is locked")


@users.command()
@_CONFIG
@click.argument("name")
def unlock(config_path: Path | None, name: str) -> None:
    """Let a user in again, and forget his failed logins."""
    with _opened(config_path) as people:
        people.register.change(name, people.now, locked=False)
        people.back_off.forgive(name)
        people.note("users.unlock", f"name={name}")
    click.echo(f"user {name} may log in")


@users.command()
@_CONFIG
@click.argument("name")
@_PASSWORD_FILE
def password(config_path: Path | None, name: str, password_file: Path | None) -> None:
    """Give a user another password and end his sessions."""
    with _opened(config_path) as people:
        people.register.get(name)
        hashed = people.passwords.hash(_password(password_file))
        people.register.change(name, people.now, password_hash=hashed)
        people.note("users.password", f"name={name}")
    click.echo(f"user {name} has another password")


@users.command()
@_CONFIG
@click.argument("name")
@click.option("--role", type=click.Choice(_ROLES), help="Another role; without it, the same.")
@SCOPE_OPTIONS[0]
@SCOPE_OPTIONS[1]
@SCOPE_OPTIONS[2]
def roles(
    config_path: Path | None,
    name: str,
    role: str | None,
    districts: tuple[str, ...],
    departments: tuple[str, ...],
    grids: tuple[str, ...],
) -> None:
    """Set a user's role and scope; without any bound he sees everything."""
    from cloud_api.keys import Role  # noqa: PLC0415 - --help stays quick

    with _opened(config_path) as people:
        scope = scope_of(districts, departments, grids)
        user = people.register.change(
            name, people.now, role=None if role is None else Role(role), scope=scope
        )
        people.note("users.roles", f"name={name} role={user.role} scope={scope}")
    click.echo(f"user {name} is {user.role}; his sessions have ended")
