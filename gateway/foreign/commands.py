"""``cityloop gateway map``: try a mapping on a message."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from gateway.foreign.declaration import DeviceEntry
    from gateway.foreign.dry_run import DryRun
    from gateway.foreign.mapping import CompiledMapping

__all__ = ["map_message"]


@click.command("map")
@click.argument("message", type=click.Path(path_type=Path, dir_okay=False), nargs=-1)
@click.option("--mapping", required=True, help="A mapping file, or the name of one that ships.")
@click.option("--topic", default=None, help="Topic it came on; default one made from the mapping.")
@click.option(
    "--devices",
    "device_list",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Device list; without one, whatever device speaks is taken to be of --profile.",
)
@click.option("--profile", default=None, help="Profile of the unknown device.")
@click.option("--foreign-id", default=None, help="Foreign id of the unknown device.")
@click.option("--hex", "as_hex", is_flag=True, help="The files hold hex digits, not raw bytes.")
@click.option("--at", default=None, help="Arrival, ISO 8601 with an offset; default now.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def map_message(
    message: tuple[Path, ...],
    mapping: str,
    topic: str | None,
    device_list: Path | None,
    profile: str | None,
    foreign_id: str | None,
    at: str | None,
    *,
    as_hex: bool,
    as_json: bool,
) -> None:
    """Show what becomes of MESSAGE files, read one after the other, without touching anything.

    Without a file only the mapping is checked. Exit code 1: a message is not accepted, 2: the
    mapping, the device list or a file is wrong.
    """
    import msgspec  # noqa: PLC0415 - keeps --help fast

    from gateway.foreign.dry_run import dry_run  # noqa: PLC0415
    from gateway.foreign.mapping import compile_devices, compile_mapping  # noqa: PLC0415
    from gateway.foreign.sources import ForeignFiles  # noqa: PLC0415
    from runtime.errors import ConfigError  # noqa: PLC0415

    try:
        now = datetime.now(UTC) if at is None else datetime.fromisoformat(at)
        (source,) = ForeignFiles((mapping,), ()).read().mappings
        compiled = compile_mapping(source.text, source.name)
        devices: list[DeviceEntry] = []
        if device_list is not None:
            text = device_list.read_text(encoding="utf-8-sig")
            devices = compile_devices(text, str(device_list), {compiled.id: compiled})
        elif profile is not None:
            devices = [_unknown(compiled, profile, foreign_id, topic)]
        payloads = [_payload(path, as_hex=as_hex) for path in message]
    except (ConfigError, OSError, ValueError) as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    if not message:
        click.echo(f"{source.name}: valid; {len(compiled.names)} names, {len(devices)} devices")
        return
    where = topic or compiled.declared.topics[0].replace("+", "device").replace("#", "device")
    found = dry_run(compiled, devices, [(where, payload) for payload in payloads], now)
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        for path, result in zip(message, found, strict=True):
            _tell(path, result)
    if any(result.outcome != "accepted" for result in found):
        sys.exit(1)


def _payload(path: Path, *, as_hex: bool) -> bytes:
    raw = path.read_bytes()
    return bytes.fromhex(raw.decode("ascii")) if as_hex else raw


def _unknown(
    mapping: "CompiledMapping", profile: str, foreign_id: str | None, topic: str | None
) -> "DeviceEntry":
    """Return an entry for a device that nobody has registered yet.

    Raises:
        ValueError: its foreign id cannot be guessed.
    """
    from gateway.foreign.declaration import DeviceEntry  # noqa: PLC0415 - keeps --help fast

    level = mapping.declared.device.topic_level
    if foreign_id is None and level is not None:
        foreign_id = "device" if topic is None else topic.split("/")[level]
    if foreign_id is None:
        msg = "--profile without --devices needs --foreign-id: the id is in the payload"
        raise ValueError(msg)
    return DeviceEntry(
        subject="device",
        mapping=mapping.id,
        foreign_id=foreign_id,
        profile=profile,
        district="district",
        site="site",
    )


def _tell(path: Path, result: "DryRun") -> None:
    click.echo(f"{path}: {result.outcome}" + (f": {result.detail}" if result.detail else ""))
    for sample in result.samples:
        flags = f" [{', '.join(sample.flags)}]" if sample.flags else ""
        click.echo(f"  {sample.subject} at {sample.at.isoformat()} in {sample.place}{flags}")
        for field in sample.fields:
            unit = f" {field.unit}" if field.unit else ""
            seen = (
                "withheld from rules" if field.rules_see is None else f"rules see {field.rules_see}"
            )
            click.echo(f"    {field.field} = {field.value}{unit}; {seen}")
        if sample.observation is not None:
            told = sample.observation
            click.echo(
                f"    {told.kind.value} {told.phase.value} in {told.zone} ({told.zone_kind}): "
                f"{told.label}, {told.dwell_s:.1f} s, confidence {told.confidence:.2f}"
            )
    for name in result.unknown_fields:
        click.echo(f"  unknown field {name}: add it to fields or known")
    for name in result.unusable_values:
        click.echo(f"  value of {name} has no translation")
