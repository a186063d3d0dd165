"""Commands about the registry: ``cityloop models publish|promote|rollout|status``."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runtime.api_options import api_options

if TYPE_CHECKING:
    from models.bundles.registry_client import RegistryClient

__all__ = ["promote", "publish", "registry_of", "rollout", "status"]

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


class _Refused(click.ClickException):
    """One line on stderr and exit code 2: a person has to put something right."""

    exit_code = 2


@contextmanager
def registry_of(api: str, key_file: Path | None) -> "Iterator[RegistryClient]":
    """Yield a client; say what it meets in one line and leave with status 2."""
    from models.bundles.errors import RegistryRefused  # noqa: PLC0415 - as above
    from models.bundles.registry_client import RegistryClient  # noqa: PLC0415 - keeps --help quick
    from runtime.errors import RuntimeFault  # noqa: PLC0415 - as above

    try:
        with RegistryClient(api, key_file) as client:
            yield client
    except (RegistryRefused, RuntimeFault, OSError) as error:
        raise _Refused(str(error)) from error


def _say(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        click.echo(f"{name:<14} {value}")


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, dir_okay=False))
@api_options
@_JSON
def publish(bundle: Path, api: str, key_file: Path | None, *, as_json: bool) -> None:
    """Upload the file BUNDLE to the registry.

    Exit codes: 0 published, 2 refused.
    """
    from runtime.bundles.bundle_file import read_bundle  # noqa: PLC0415 - keeps --help quick

    with registry_of(api, key_file) as registry:
        manifest = read_bundle(bundle).manifest
        found = registry.publish(manifest.id, manifest.version, bundle)
    _say(found, as_json=as_json)


@click.command()
@click.argument("model")
@click.argument("version")
@click.option(
    "--stage",
    type=click.Choice(["published", "released", "withdrawn"]),
    default="released",
    show_default=True,
    help="released may count, published may run in the shadow, withdrawn nothing, for good.",
)
@api_options
@_JSON
def promote(
    model: str, version: str, stage: str, api: str, key_file: Path | None, *, as_json: bool
) -> None:
    """Move VERSION of MODEL to another stage.

    Exit codes: 0 done, 2 refused.
    """
    with registry_of(api, key_file) as registry:
        found = registry.promote(model, version, stage)
    _say(found, as_json=as_json)


@click.command()
@click.argument("model")
@click.argument("version", required=False)
@click.option("--box", "boxes", multiple=True, help="Only this box; again for more.")
@click.option("--site", "sites", multiple=True, help="Only boxes of this site; again for more.")
@click.option("--district", "districts", multiple=True, help="Only boxes of this district.")
@click.option(
    "--percent",
    type=click.FloatRange(0.0, 100.0, min_open=True),
    default=100.0,
    show_default=True,
    help="Share of those boxes; raising it adds boxes and takes none away.",
)
@click.option(
    "--shadow",
    type=click.FloatRange(0.0, 1.0, min_open=True),
    help="Run it in the shadow on this share of the frames, beside what counts.",
)
@click.option("--clear", is_flag=True, help="Take all rules away; boxes go on with what they run.")
@click.option("--reason", required=True, help="Why, for the history.")
@api_options
@_JSON
def rollout(
    model: str,
    version: str | None,
    boxes: tuple[str, ...],
    sites: tuple[str, ...],
    districts: tuple[str, ...],
    percent: float,
    shadow: float | None,
    reason: str,
    api: str,
    key_file: Path | None,
    *,
    clear: bool,
    as_json: bool,
) -> None:
    """Let boxes run VERSION of MODEL: all, or those named, or a share of them.

    A rule with the same conditions gives way to the new one; narrower rules go before wider ones.

    Exit codes: 0 done, 2 refused.
    """
    from models.bundles.rollout_rules import joined  # noqa: PLC0415 - keeps --help quick

    if clear == (version is not None):
        raise click.UsageError("give either VERSION or --clear")
    with registry_of(api, key_file) as registry:
        rules: list[dict[str, Any]] = []
        if version is not None:
            new: dict[str, Any] = {
                "version": version,
                "boxes": boxes,
                "sites": sites,
                "districts": districts,
                "percent": percent,
                "shadow_share": shadow,
            }
            rules = joined(registry.rules(model), new)
        found = registry.roll_out(model, rules, reason)
    _say(found, as_json=as_json)


@click.command()
@click.argument("model", required=False)
@api_options
@_JSON
def status(model: str | None, api: str, key_file: Path | None, *, as_json: bool) -> None:
    """Show how far the boxes have come with MODEL; without it, what is published.

    Exit codes: 0 shown, 2 refused.
    """
    with registry_of(api, key_file) as registry:
        rows = registry.models() if model is None else registry.boxes(model)
    if as_json:
        click.echo(json.dumps({"items": rows}))
        return
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick
    from rich.table import Table  # noqa: PLC0415 - as above

    names = (
        ("model", "version", "counter", "stage", "size_bytes", "licence", "published_by")
        if model is None
        else ("box", "online", "wished", "runs", "shadow_runs", "shadow_disagreement", "says")
    )
    table = Table(*names, title=model or "published models")
    for row in rows:
        table.add_row(*("-" if row[name] is None else str(row[name]) for name in names))
    Console().print(table)
