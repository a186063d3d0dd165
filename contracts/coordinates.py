"""WGS 84 to GCJ-02 火星坐标系 and BD-09 百度坐标系, and back: what maps of mainland China are drawn with.

Everything inside cityloop is WGS 84; the others exist only where a place is handed to a Chinese base
map or taken from one. This is the only module that converts.

Source: the obfuscation published as ``eviltransform`` (2012, github.com/googollee/eviltransform) and
"Restrictions on geographic data in China", Wikipedia; Krasovsky 1940 ellipsoid. The official
algorithm is not public; this reconstruction agrees with public map services to about a metre. BD-09
is a further shift on top of GCJ-02, by the same public reconstructions; its approximate inverse is
refined here until it agrees with the way there.
"""

import math

__all__ = ["bd09_to_wgs84", "gcj02_to_wgs84", "is_shifted", "wgs84_to_bd09", "wgs84_to_gcj02"]

_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_2 = 0.006_693_421_622_965_943_23
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
_ROUNDS = 6


def is_shifted(lon: float, lat: float) -> bool:
    """Return whether the shift applies at a place: the rectangle around China that the sources use."""
    return _WEST <= lon <= _EAST and _SOUTH <= lat <= _NORTH


def _wave(x: float, y: float) -> tuple[float, float]:
    both = 20.0 * math.sin(6.0 * x * math.pi) + 20.0 * math.sin(2.0 * x * math.pi)
    root, product = math.sqrt(abs(x)), x * y
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * product + 0.2 * root
    north += 2.0 / 3.0 * both
    north += 2.0 / 3.0 * (20.0 * math.sin(y * math.pi) + 40.0 * math.sin(y / 3.0 * math.pi))
    north += (
        2.0 / 3.0 * (160.0 * math.sin(y / 12.0 * math.pi) + 320.0 * math.sin(y * math.pi / 30.0))
    )
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * product + 0.1 * root
    east += 2.0 / 3.0 * both
    east += 2.0 / 3.0 * (20.0 * math.sin(x * math.pi) + 40.0 * math.sin(x / 3.0 * math.pi))
    east += (
        2.0 / 3.0 * (150.0 * math.sin(x / 12.0 * math.pi) + 300.0 * math.sin(x * math.pi / 30.0))
    )
    return east, north


def _shift(lon: float, lat: float) -> tuple[float, float]:
    east_m, north_m = _wave(lon - 105.0, lat - 35.0)
    phi = math.radians(lat)
    curvature = 1.0 - _ECCENTRICITY_2 * math.sin(phi) ** 2
    meridian_m = _SEMI_MAJOR_M * (1.0 - _ECCENTRICITY_2) / (curvature * math.sqrt(curvature))
    parallel_m = _SEMI_MAJOR_M / math.sqrt(curvature) * math.cos(phi)
    return math.degrees(east_m / parallel_m), math.degrees(north_m / meridian_m)


def wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return lon, lat in GCJ-02 degrees for a WGS 84 place; outside China the place itself."""
    if not is_shifted(lon, lat):
        return lon, lat
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Return lon, lat in WGS 84 degrees for a GCJ-02 place, within a millimetre of the inverse.

    Fixed-point iteration on :func:`wgs84_to_gcj02`: the shift varies so slowly that every round
    gains more than two digits. Outside China the place itself.
    """
    if not is_shifted(lon, lat):
        return lon, lat
    true_lon, true_lat = lon, lat
    for _ in range(_ROUNDS):
        east, north = _shift(true_lon, true_lat)
        true_lon, true_lat = lon - east, lat - north
    return true_lon, true_lat


_BAIDU_RATE = math.pi * 3000.0 / 180.0


def _gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    radius = math.hypot(lon, lat) + 0.00002 * math.sin(lat * _BAIDU_RATE)
    angle = math.atan2(lat, lon) + 0.000003 * math.cos(lon * _BAIDU_RATE)
    return radius * math.cos(angle) + 0.0065, radius * math.sin(angle) + 0.006


def wgs84_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Return lon, lat in BD-09 degrees for a WGS 84 place; outside China the place itself."""
    if not is_shifted(lon, lat):
        return lon, lat
    return _gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Return lon, lat in WGS 84 degrees for a BD-09 place, within a millimetre of the inverse.

    Fixed-point iteration, as for :func:`gcj02_to_wgs84`. Outside China the place itself.
    """
    if not is_shifted(lon, lat):
        return lon, lat
    chinese_lon, chinese_lat = lon - 0.0065, lat - 0.006
    for _ in range(_ROUNDS):
        there_lon, there_lat = _gcj02_to_bd09(chinese_lon, chinese_lat)
        chinese_lon += lon - there_lon
        chinese_lat += lat - there_lat
    return gcj02_to_wgs84(chinese_lon, chinese_lat)
