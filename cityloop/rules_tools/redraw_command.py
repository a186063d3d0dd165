"""The command that tries zones and lines which are only drawn on what a camera has told: redraw."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from cityloop.rules_tools.console import echo_json
from cityloop.rules_tools.errors import DataRefused, MissingLibrary
from cityloop.rules_tools.findings import CheckedPack, load_packs
from cityloop.rules_tools.firings import firings_of
from cityloop.rules_tools.replay import DEFAULT_DISTRICT, replay
from cityloop.rules_tools.sources.mapping import load_mapping
from cityloop.rules_tools.sources.moments import read_moment
from cityloop.rules_tools.sources.opening import StoredData, open_data
from cityloop.rules_tools.stored_tracks import StoredMoment, stored_tracks
from runtime.errors import ConfigError

__all__ = ["redraw_command"]

_MOST = 500
"""Episodes that are listed; all are counted."""


@click.command("redraw")
@click.argument("packs", nargs=-1, type=click.Path(path_type=Path, exists=True), metavar="[PACK…]")
@click.option("--camera", required=True, help="Whose tracks.")
@click.option(
    "--from",
    "data_name",
    required=True,
    help="The data: a gateway's state folder or journal, .jsonl with messages, or nats://host:port/TRACKS.",
)
@click.option(
    "--scene",
    "scenes",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="JSON with zones, lines and calibration as in the box's file. Several times to compare.",
)
@click.option("--since", help="Tracks from this time on; ISO 8601.")
@click.option("--until", help="Tracks up to this time; ISO 8601.")
@click.option("--width", type=click.IntRange(1), default=1600, show_default=True, help="Pixels.")
@click.option("--height", type=click.IntRange(1), default=900, show_default=True, help="Pixels.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def redraw_command(
    packs: tuple[Path, ...],
    camera: str,
    data_name: str,
    scenes: tuple[Path, ...],
    since: str | None,
    until: str | None,
    width: int,
    height: int,
    *,
    as_json: bool,
) -> None:
    """Say what a camera would have told with other zones and lines, and what PACK… would have raised on it.

    The tracks that the camera told, about one a second, are looked at by the box's own code. Masks, flaws of
    the picture and what went on between two stored moments are not known from them.
    """
    loaded = load_packs(packs) if packs else []
    since_s = float("-inf") if since is None else read_moment(since, "--since")
    until_s = float("inf") if until is None else read_moment(until, "--until")
    data = open_data(data_name, load_mapping(None), [])
    if data.table is not None:
        raise DataRefused(
            f"{data_name}: a table of readings holds no tracks; name a journal or messages"
        )
    moments = stored_tracks(data.entries(tick_s=None), camera, since_s, until_s)
    found = [_tried(path, camera, moments, loaded, (width, height)) for path in scenes]
    seen = {(one.message.boot_id, each.track) for one in moments for each in one.message.tracks}
    report: dict[str, Any] = {
        "camera": camera,
        "first_at": moments[0].message.at if moments else None,
        "last_at": moments[-1].message.at if moments else None,
        "moments": len(moments),
        "tracks": len(seen),
        "scenes": found,
    }
    if as_json:
        echo_json(report)
        return
    click.echo(f"{camera}: {len(seen)} tracks in {len(moments)} stored moments")
    for path, scene in zip(scenes, found, strict=True):
        click.echo(f"{path}: {scene['episodes_count']} observations, {scene['count']} events")
        for zone in scene["zones"]:
            click.echo(
                f"  zone {zone.zone}: {zone.stays} stays, at most {zone.most} at a time, "
                f"longest {zone.longest_s:g} s"
            )
        for line in scene["lines"]:
            click.echo(f"  line {line.line}: {line.forward} forward, {line.backward} backward")
        for firing in scene["events"]:
            click.echo(f"  {firing.onset_at:%Y-%m-%d %H:%M:%S}  {firing.rule}  {firing.title_en}")


def _tried(
    path: Path,
    camera: str,
    moments: Sequence[StoredMoment],
    packs: Sequence[CheckedPack],
    size: tuple[int, int],
) -> dict[str, Any]:
    """Return what a scene would have told, and what packs make of that.

    Raises:
        DataRefused: the file is no scene, or one that a box would refuse.
        MissingLibrary: what a box needs is not installed here.
    """
    try:
        from cityloop.rules_tools.redrawing import redraw  # noqa: PLC0415 - needs what a box needs
        from edge.scene_check import scene_camera  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise MissingLibrary(
            f"redraw needs what a box needs ({error.name}): pip install 'cityloop[edge]'"
        ) from error
    try:
        scene = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        drawn = msgspec.structs.replace(scene_camera(scene), id=camera)
    except (msgspec.DecodeError, ConfigError) as error:
        raise DataRefused(f"{path}: {error}") from error
    told = redraw(drawn, moments, width=size[0], height=size[1])
    events = []
    if packs and told.entries:
        district = moments[0].place.district if moments else DEFAULT_DISTRICT
        fed = StoredData(str(path), "lines", lines=told.entries)
        events = replay(packs, fed, district=district).events
    firings = firings_of(events)
    return {
        "zones": told.zones,
        "lines": told.lines,
        "episodes": told.episodes[:_MOST],
        "episodes_count": len(told.episodes),
        "events": firings[:_MOST],
        "count": len(firings),
    }
