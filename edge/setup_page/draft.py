"""What the page has drawn so far, and the configuration that it stands for. Pure functions."""

from collections.abc import Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct

from contracts.coordinates import gcj02_to_wgs84
from contracts.geometry import from_local_m
from edge.errors import SetupRefused

__all__ = ["CameraDraft", "Draft", "PairDraft", "camera_data", "new_document", "pairs_data"]

Degrees = Annotated[float, Meta(ge=-180.0, le=180.0)]


class PairDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A point of the picture with its place: on a map, or in metres from the camera's place."""

    image: tuple[float, float]
    """x, y as shares of the picture's width and height."""
    lon: Degrees | None = None
    """Longitude, degrees."""
    lat: Degrees | None = None
    """Latitude, degrees."""
    east_m: float | None = None
    """Metres east of the camera's place."""
    north_m: float | None = None
    """Metres north of it."""


class CameraDraft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The camera as the page has it."""

    id: str
    detector: dict[str, Any]
    zones: tuple[dict[str, Any], ...] = ()
    lines: tuple[dict[str, Any], ...] = ()
    masks: tuple[dict[str, Any], ...] = ()
    pairs: tuple[PairDraft, ...] = ()
    datum: str = "wgs84"
    """What longitudes and latitudes of the pairs are given in: ``wgs84`` or ``gcj02`` (maps of
    China 火星坐标)."""
    place: tuple[Degrees, Degrees] | None = None
    """Longitude and latitude of the camera, WGS 84."""


class Draft(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that the page sends when it wants to check, look at or write the configuration."""

    camera: CameraDraft
    box: dict[str, Any] = {}
    """Only for a new file: district, site, box."""
    hub: dict[str, Any] = {}
    """Only for a new file: host, port, ..."""


def pairs_data(camera: CameraDraft) -> list[dict[str, Any]]:
    """Return a camera's pairs as its configuration holds them, places in WGS 84.

    Raises:
        SetupRefused: a pair has no place, metres are given without the camera's place, or the datum is
            unknown.
    """
    return [_pair(number, pair, camera) for number, pair in enumerate(camera.pairs, start=1)]


def _pair(number: int, pair: PairDraft, camera: CameraDraft) -> dict[str, Any]:
    image = _rounded(pair.image)
    if pair.lon is not None and pair.lat is not None:
        if camera.datum not in {"wgs84", "gcj02"}:
            raise SetupRefused(f"datum {camera.datum!r}: expected wgs84 or gcj02")
        place = (pair.lon, pair.lat)
        if camera.datum == "gcj02":
            place = gcj02_to_wgs84(*place)
    elif pair.east_m is not None and pair.north_m is not None:
        if camera.place is None:
            raise SetupRefused(
                f"point {number} is given in metres: enter where the camera stands, from which they "
                "are measured"
            )
        place = from_local_m(camera.place, (pair.east_m, pair.north_m))
    else:
        raise SetupRefused(f"point {number} has no place yet: enter one, or delete the point")
    return {"image": image, "lon": round(place[0], 8), "lat": round(place[1], 8)}


def _rounded(point: Sequence[float]) -> list[float]:
    """Return a point in ten thousandths: finer than a pixel of 8K."""
    return [round(value, 4) for value in point]


def _with_corners(area: dict[str, Any]) -> dict[str, Any]:
    return {**area, "polygon": [_rounded(point) for point in area.get("polygon", ())]}


def camera_data(
    camera: CameraDraft, source: dict[str, Any], before: dict[str, Any]
) -> dict[str, Any]:
    """Return the camera as YAML shall hold it: what the page knows over what was there before.

    Args:
        camera: the page's.
        source: where its frames come from.
        before: the camera of that id as it was configured; empty for a new one.

    Raises:
        SetupRefused: as in :func:`pairs_data`.
    """
    data = {"id": camera.id, "source": source, "detector": camera.detector}
    data |= {name: value for name, value in before.items() if name not in data}
    if camera.place is not None:
        place = before.get("place")
        lon, lat = (round(value, 7) for value in camera.place)
        data["place"] = {**(place if isinstance(place, dict) else {}), "lon": lon, "lat": lat}
    drawn: dict[str, list[Any]] = {
        "zones": [_with_corners(zone) for zone in camera.zones],
        "lines": [
            {**line, **{end: _rounded(line[end]) for end in ("from", "to") if end in line}}
            for line in camera.lines
        ],
        "masks": [_with_corners(mask) for mask in camera.masks],
        "calibration": pairs_data(camera),
    }
    for name, values in drawn.items():
        data.pop(name, None)
        if values:
            data[name] = values
    return data


def new_document(draft: Draft, camera: dict[str, Any]) -> dict[str, Any]:
    """Return a whole configuration for a box that has none yet."""
    document: dict[str, Any] = {"box": draft.box}
    if draft.hub:
        client = {"client_id": draft.box.get("box", "")}
        document["hub"] = {**client, **draft.hub}
    document["cameras"] = [camera]
    return document
