"""Configuration of the console: what lies under the map, and where it looks first."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["GROUND", "ConsoleConfig"]

GROUND = "/console/ground.pmtiles"
"""Where the API serves the map's ground when it is a file of its own machine."""

_Address = Annotated[str, Meta(pattern=r"^(https?://[^\s;,'\"]+|/[^\s;,'\"]*)$")]
_Lon = Annotated[float, Meta(ge=-180.0, le=180.0)]
_Lat = Annotated[float, Meta(ge=-90.0, le=90.0)]


class ConsoleConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the console shows under the city's own data; it needs nothing from the internet."""

    tiles: _Address | None = None
    """Raster tiles, as ``https://tiles.example/{z}/{x}/{y}.png``. Default none: a plain ground."""
    pmtiles: _Address | None = None
    """Address of a PMTiles file with raster tiles. Default none."""
    pmtiles_file: str | None = None
    """The same as a file on this machine, which the API serves as ``/console/ground.pmtiles``. Default none."""
    attribution: str = ""
    """What the owner of the tiles wants to be said on the map. Default nothing."""
    centre: tuple[_Lon, _Lat] | None = None
    """Where the map looks first, longitude and latitude in WGS 84. Default: at the city's grid, or at
    what lies on the map."""
    zoom: Annotated[float, Meta(ge=0.0, le=22.0)] = 12.0
    """How near it looks there, as web maps count. Default 12."""

    @property
    def archive(self) -> str | None:
        """Address of the PMTiles file that the pages read; None: there is none."""
        return self.pmtiles if self.pmtiles_file is None else GROUND
