"""Packs and samples for the tests of signals."""

from typing import Any

from contracts.envelope import Place
from contracts.geometry import from_local_m
from rules.breach import Breach
from rules.pack import RulePack, compile_pack
from rules.sample import Sample
from tests.unit.rules.scenario import T0, PackFault, step

HERE = (121.47, 31.23)
PLACES: dict[str, Any] = {
    "catchments": {
        "key": "catchment",
        "rows": {
            "c1": {"lon": HERE[0], "lat": HERE[1]},
            "c2": {"lon": HERE[0] + 0.01, "lat": HERE[1]},
            "far": {"lon": HERE[0] + 1.0, "lat": HERE[1]},
        },
    },
    "sensors": {
        "key": "subject",
        "columns": {"catchment": "text"},
        "rows": {"gauge": {"catchment": "c1"}, "pond-1": {"catchment": "c1"}},
    },
}
RAIN = {"profile": "rain_gauge", "of": "rain_mm_h", "near": "1500m", "take": "max", "fresh": "15m"}
DEPTH = {"profile": "water_level", "of": "depth_m", "near": "300m", "take": "max", "fresh": "5m"}
FLASH: dict[str, Any] = {
    "id": "flash",
    "event": {"type": "flood.flash", "dedupe": ["catchment"]},
    "key": ["catchment"],
    "for_each": "catchments",
    "signals": {"rain": RAIN, "depth": DEPTH},
    "ladder": [
        step("yellow", "rain >= 16.0 && depth >= 15 cm", clear="rain < 4.0 || depth < 10 cm"),
        step("red", "rain >= 16.0 && depth >= 40 cm", clear="depth < 35 cm"),
    ],
}


def flash(**changes: Any) -> RulePack:
    """Return a pack of one correlating rule; a part of None is left out."""
    merged = {name: part for name, part in {**FLASH, **changes}.items() if part is not None}
    return compile_pack({"places": PLACES, "rules": [merged]}, "flash", PackFault)


def heard(
    at: float,
    profile: str,
    value: float,
    *,
    subject: str = "",
    east_m: float = 0.0,
    place: bool = True,
) -> Sample:
    """Return a reading of a sensor that lies so many metres east of the first catchment."""
    field = {"rain_gauge": "rain_mm_h", "water_level": "depth_m"}[profile]
    lon, lat = from_local_m(HERE, (east_m, 0.0))
    subject = subject or {"rain_gauge": "gauge", "water_level": "pond-1"}[profile]
    return Sample(
        stream="readings",
        profile=profile,
        subject=subject,
        at=T0 + at,
        keys={"subject": subject, "box": "box-1", "site": "site-1", "district": "north"},
        fields={field: value},
        place=Place(lon=lon, lat=lat) if place else None,
        message=f"box-1/0/readings/{int(at)}",
    )


def rain(at: float, value: float, **more: Any) -> Sample:
    """Return a reading of a rain gauge."""
    return heard(at, "rain_gauge", value, **more)


def depth(at: float, value: float, **more: Any) -> Sample:
    """Return a reading of a level sensor."""
    return heard(at, "water_level", value, **more)


def keys(found: list[Breach]) -> list[str]:
    """Return the catchments of some statements."""
    return [breach.key["catchment"] for breach in found]
