"""Commands about keys and bundles: ``cityloop models keygen|trust|revoke|pack|verify``."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

if TYPE_CHECKING:
    from runtime.bundles.manifest import Manifest

__all__ = ["keygen", "pack", "revoke", "trust", "verify"]

_BOOK = click.option(
    "--book",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("model-keys.json"),
    show_default=True,
    help="Book of trusted keys.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


class _Refused(click.ClickException):
    """One line on stderr and exit code 2: a person has to put something right."""

    exit_code = 2


def _refuse(error: Exception) -> NoReturn:
    raise _Refused(str(error)) from error


def _say(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(facts))
        return
    for name, value in facts.items():
        click.echo(f"{name:<14} {value}")


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("model-signing.key"),
    show_default=True,
    help="File of the private key; its public part goes beside it, with .pub at the end.",
)
@click.option("--name", default="", help="Whose key it is, for those who trust it.")
@_JSON
def keygen(out: Path, name: str, *, as_json: bool) -> None:
    """Make a key (Ed25519) that signs models: the private part for its owner alone (mode 0600).

    Exit codes: 0 done, 2 the file exists already.
    """
    from runtime.bundles.trust import (  # noqa: PLC0415 - keeps --help quick
        key_id_of,
        new_private_key,
        private_key_text,
        public_bytes_of,
        public_line,
    )
    from runtime.private_file import write_private  # noqa: PLC0415 - as above

    if out.exists():
        raise _Refused(f"{out} exists; a key is never written over: name another file")
    key = new_private_key()
    public = public_bytes_of(key)
    try:
        write_private(out, private_key_text(key))
        beside = out.with_name(f"{out.name}.pub")
        beside.write_text(public_line(public, name), "utf-8")
    except OSError as error:
        _refuse(error)
    _say({"key": key_id_of(public), "private": str(out), "public": str(beside)}, as_json=as_json)


@click.command()
@click.argument("public", type=click.Path(path_type=Path, dir_okay=False))
@_BOOK
@_JSON
def trust(public: Path, book: Path, *, as_json: bool) -> None:
    """Trust the key in the file PUBLIC, beside those that are trusted already.

    Exit codes: 0 done, 2 refused: no key, or one that was revoked.
    """
    from runtime.bundles.errors import KeyFault  # noqa: PLC0415 - keeps --help quick
    from runtime.bundles.trust import (  # noqa: PLC0415 - as above
        key_id_of,
        load_trust,
        read_public_line,
        save_trust,
    )

    try:
        content, name = read_public_line(public)
        changed = load_trust(book).trust(content, name, datetime.now(UTC))
        save_trust(book, changed)
    except (KeyFault, OSError) as error:
        _refuse(error)
    trusted = [key.id for key in changed.keys if key.revoked_at is None]
    _say({"trusted": key_id_of(content), "book": str(book), "keys": len(trusted)}, as_json=as_json)


@click.command()
@click.argument("key")
@click.option("--reason", required=True, help="Why it is not trusted any more.")
@_BOOK
@_JSON
def revoke(key: str, reason: str, book: Path, *, as_json: bool) -> None:
    """Trust the key with the id KEY no longer, for good.

    Exit codes: 0 done, 2 there is no such key.
    """
    from runtime.bundles.errors import KeyFault  # noqa: PLC0415 - keeps --help quick
    from runtime.bundles.trust import load_trust, save_trust  # noqa: PLC0415 - as above

    try:
        save_trust(book, load_trust(book).revoke(key, reason, datetime.now(UTC)))
    except (KeyFault, OSError) as error:
        _refuse(error)
    _say({"revoked": key, "book": str(book)}, as_json=as_json)


@click.command()
@click.argument("network", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--id", "model_id", required=True, help="Name of the model, as street-sim.")
@click.option("--version", "version", required=True, help="Its version, as 1.4.0.")
@click.option(
    "--counter",
    type=click.IntRange(min=1),
    required=True,
    help="Anti-rollback counter: higher than that of every bundle before.",
)
@click.option("--licence", required=True, help="SPDX identifier of the weights' licence.")
@click.option(
    "--golden",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Picture in which the model finds its classes; every box must find the same again.",
)
@click.option(
    "--key",
    "key_files",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    required=True,
    help="Private key that signs; again for a second signature.",
)
@click.option("--labels", help="Class names by class id, with commas; else the file's own.")
@click.option("--layout", default="auto", show_default=True, help="How its output is read.")
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1),
    default=0.45,
    show_default=True,
    help="From it on a box begins a track.",
)
@click.option(
    "--low-confidence",
    type=click.FloatRange(0, 1),
    default=0.1,
    show_default=True,
    help="From it on a box may continue one.",
)
@click.option(
    "--nms-iou",
    type=click.FloatRange(0, 1),
    default=0.45,
    show_default=True,
    help="Of two boxes that overlap more, the less sure one goes.",
)
@click.option("--minimum-agent", default="0.1.0", show_default=True, help="Oldest cityloop for it.")
@click.option("--dataset", default="", help="Version of the data set that it was trained on.")
@click.option("--notes", default="", help="A word to those who run it.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="The new bundle.")
@_JSON
def pack(
    network: Path,
    model_id: str,
    version: str,
    counter: int,
    licence: str,
    golden: Path,
    key_files: tuple[Path, ...],
    labels: str | None,
    layout: str,
    confidence: float,
    low_confidence: float,
    nms_iou: float,
    minimum_agent: str,
    dataset: str,
    notes: str,
    out: Path | None,
    *,
    as_json: bool,
) -> None:
    """Pack the ONNX file NETWORK with all that a box must know of it, and sign that.

    The model looks at the golden picture with the code that runs on boxes; what it finds is written
    down, and every box must find the same before it lets the model work.

    Exit codes: 0 done, 2 refused: nothing was written.
    """
    from edge.errors import ModelError  # noqa: PLC0415 - keeps --help quick
    from models.bundles.packing import PackingPlan, pack_model  # noqa: PLC0415 - as above
    from runtime.bundles.errors import BundleError  # noqa: PLC0415 - as above
    from runtime.bundles.manifest import Thresholds  # noqa: PLC0415 - as above
    from runtime.bundles.trust import load_private_key  # noqa: PLC0415 - as above

    target = out or Path(f"{model_id}-{version}.clmodel")
    plan = PackingPlan(
        id=model_id,
        version=version,
        counter=counter,
        licence=licence,
        network=network,
        golden=golden,
        layout=layout,
        labels=None if labels is None else tuple(name.strip() for name in labels.split(",")),
        thresholds=Thresholds(
            confidence=confidence, low_confidence=low_confidence, nms_iou=nms_iou
        ),
        minimum_agent=minimum_agent,
        dataset=dataset,
        notes=notes,
    )
    try:
        keys = [load_private_key(path) for path in key_files]
        manifest = pack_model(plan, target, keys, datetime.now(UTC))
    except (BundleError, ModelError, OSError) as error:
        _refuse(error)
    _say({"bundle": str(target), **_facts(manifest)}, as_json=as_json)


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path, dir_okay=False))
@_BOOK
@_JSON
def verify(bundle: Path, book: Path, *, as_json: bool) -> None:
    """Check signature and every byte of the file BUNDLE, as a box does.

    Exit codes: 0 sound and signed by a trusted key, 2 not.
    """
    from runtime.bundles.bundle_file import read_bundle  # noqa: PLC0415 - keeps --help quick
    from runtime.bundles.errors import BundleError  # noqa: PLC0415 - as above
    from runtime.bundles.trust import load_trust  # noqa: PLC0415 - as above

    try:
        found = read_bundle(bundle)
        key = found.verify(load_trust(book))
    except BundleError as error:
        _refuse(error)
    _say({"bundle": str(bundle), "key": key, **_facts(found.manifest)}, as_json=as_json)


def _facts(manifest: "Manifest") -> dict[str, object]:
    return {
        "id": manifest.id,
        "version": manifest.version,
        "counter": manifest.counter,
        "licence": manifest.licence,
        "layout": manifest.layout,
        "input_px": "x".join(map(str, manifest.input_px)),
        "labels": ", ".join(manifest.labels),
        "network_bytes": manifest.network.size_bytes,
        "golden_boxes": len(manifest.golden.boxes),
        "minimum_agent": manifest.minimum_agent,
    }
