"""Command that hands out originals."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from edge.evidence.release import PURPOSES

if TYPE_CHECKING:
    from edge.evidence.vault import Original

__all__ = ["release"]


class _Refused(click.ClickException):
    """One line on stderr and exit code 2: a person has to put something right."""

    exit_code = 2


@click.command()
@click.argument("sha256", required=False)
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("edge.yaml"),
    show_default=True,
    help="Configuration of the box.",
)
@click.option("--purpose", type=click.Choice(PURPOSES), help="What it is released for.")
@click.option("--case", "case_id", help="Case, complaint or data set that it is released to.")
@click.option("--by", "by_whom", help="Who releases it, as the audit shall name him.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Where to write it.")
@click.option("--list", "listing", is_flag=True, help="List what is kept instead.")
@click.option("--audit", is_flag=True, help="Check the chain of releases instead.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def release(
    sha256: str | None,
    config_path: Path,
    purpose: str | None,
    case_id: str | None,
    by_whom: str | None,
    out: Path | None,
    *,
    listing: bool,
    audit: bool,
    as_json: bool,
) -> None:
    """Release the unblurred original of the picture SHA256, for a purpose, with a line about it.

    Exit codes: 0 done, 2 refused: nothing was handed out.
    """
    from edge.config import load_edge_config  # noqa: PLC0415 - keeps --help quick
    from edge.errors import EdgeError  # noqa: PLC0415
    from edge.evidence.release import ReleaseLog  # noqa: PLC0415
    from edge.evidence.vault_build import build_vault  # noqa: PLC0415
    from runtime.clock import build_clock  # noqa: PLC0415
    from runtime.errors import RuntimeFault  # noqa: PLC0415

    try:
        config = load_edge_config(config_path)
        originals = config.evidence.originals
        folder = config_path.resolve().parent
        vault = build_vault(originals, folder)
        if vault is None or originals is None:
            raise _Refused(f"{config_path}: evidence.originals is missing, so none are kept")
        log = ReleaseLog(folder / originals.log)
        now = build_clock(config.clock).now()
        if audit:
            _say({"releases": log.check()}, as_json=as_json)
            return
        if listing:
            _list(vault.kept(), as_json=as_json)
            return
        if not (sha256 and purpose and case_id and by_whom and out):
            raise click.UsageError("give SHA256, --purpose, --case, --by and --out")
        if out.exists():
            raise _Refused(f"{out} exists; name another file")
        data = log.release(vault, sha256, purpose=purpose, case=case_id, by=by_whom, now=now)
        out.touch(mode=0o600)
        out.write_bytes(data)
    except (EdgeError, RuntimeFault, OSError) as error:
        raise _Refused(str(error)) from error
    _say({"released": sha256, "bytes": len(data), "file": str(out)}, as_json=as_json)


def _say(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts))
    else:
        click.echo(", ".join(f"{name} {value}" for name, value in facts.items()))


def _list(kept: "list[Original]", *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "sha256": one.sha256,
                "camera": one.camera,
                "captured_at": one.captured_at.isoformat(),
                "expires_at": one.expires_at.isoformat(),
                "media_type": one.media_type,
            }
            for one in kept
        ]
        click.echo(json.dumps({"originals": rows}))
        return
    for one in kept:
        click.echo(f"{one.sha256} {one.camera} {one.captured_at.isoformat()} {one.media_type}")
