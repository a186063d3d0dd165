"""Device profiles: which fields a class of sensor reports, in which unit, range and cadence.

A profile is the type of a sensor. The gateway checks readings against it, the rule compiler types
expressions by it. A unit of ``None`` means a flag or a text.
"""

import msgspec

__all__ = ["PROFILES", "DeviceProfile", "ProfileField"]


class ProfileField(msgspec.Struct, frozen=True, kw_only=True):
    """One field of a profile.

    ``minimum`` and ``maximum`` bound what the sensor can physically report, in the base unit.
    """

    name: str
    kind: str = "number"
    """number | flag | text."""
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None


class DeviceProfile(msgspec.Struct, frozen=True, kw_only=True):
    """One class of device. ``priority`` 0 sends its readings down the urgent lane."""

    name: str
    name_zh: str
    fields: tuple[ProfileField, ...]
    cadence_s: float
    """Nominal seconds between two readings."""
    priority: int = 1

    def field(self, name: str) -> ProfileField | None:
        """Return the field called ``name``, or None."""
        return next((field for field in self.fields if field.name == name), None)


def _number(name: str, unit: str, minimum: float, maximum: float) -> ProfileField:
    return ProfileField(name=name, unit=unit, minimum=minimum, maximum=maximum)


def _profile(
    name: str, name_zh: str, cadence_s: float, *fields: ProfileField, priority: int = 1
) -> DeviceProfile:
    return DeviceProfile(
        name=name, name_zh=name_zh, cadence_s=cadence_s, fields=fields, priority=priority
    )


PROFILES: dict[str, DeviceProfile] = {
    profile.name: profile
    for profile in (
        _profile("water_level", "积水液位", 10.0, _number("depth_m", "m", 0.0, 5.0)),
        _profile("rain_gauge", "雨量", 60.0, _number("rain_mm_h", "mm/h", 0.0, 400.0)),
        _profile(
            "noise",
            "噪声",
            1.0,
            _number("dba", "dBA", 20.0, 140.0),
            ProfileField(name="source", kind="text"),
        ),
        _profile("dust", "扬尘", 60.0, _number("pm10_ug_m3", "ug/m3", 0.0, 5000.0)),
        _profile(
            "air",
            "空气质量",
            300.0,
            _number("pm25_ug_m3", "ug/m3", 0.0, 2000.0),
            _number("temperature_cel", "Cel", -50.0, 60.0),
        ),
        _profile("bin_fill", "垃圾桶满溢", 600.0, _number("fill_ratio", "/", 0.0, 1.0)),
        _profile(
            "manhole",
            "井盖",
            3600.0,
            _number("tilt_deg", "deg", 0.0, 180.0),
            ProfileField(name="cover_open", kind="flag"),
        ),
        _profile("fire_water", "消防水压", 300.0, _number("pressure_kpa", "kPa", 0.0, 2500.0)),
        _profile("parking_bay", "泊位", 60.0, ProfileField(name="occupied", kind="flag")),
        _profile(
            "elevator",
            "电梯",
            60.0,
            _number("speed_m_s", "m/s", 0.0, 20.0),
            ProfileField(name="trapped", kind="flag"),
            priority=0,
        ),
        _profile(
            "alarm_button",
            "一键报警",
            3600.0,
            ProfileField(name="pressed", kind="flag"),
            priority=0,
        ),
        _profile("street_lamp", "路灯", 900.0, _number("power_w", "W", 0.0, 2000.0)),
        _profile(
            "wind",
            "风",
            60.0,
            _number("wind_m_s", "m/s", 0.0, 90.0),
            _number("gust_m_s", "m/s", 0.0, 120.0),
        ),
        _profile("river_level", "河道水位", 300.0, _number("level_m", "m", -20.0, 200.0)),
        _profile("sewer", "管网充满度", 300.0, _number("fill_ratio", "/", 0.0, 2.0)),
        _profile(
            "pump",
            "排水泵",
            60.0,
            _number("sump_level_m", "m", 0.0, 20.0),
            ProfileField(name="running", kind="flag"),
            ProfileField(name="fault", kind="flag"),
        ),
        _profile(
            "smoke",
            "烟感",
            3600.0,
            ProfileField(name="smoke", kind="flag"),
            _number("temperature_cel", "Cel", -40.0, 200.0),
            priority=0,
        ),
        _profile("gas", "可燃气体", 60.0, _number("lel_ratio", "/", 0.0, 1.0), priority=0),
        _profile(
            "electric",
            "电气火灾监控",
            300.0,
            _number("residual_a", "A", 0.0, 5.0),
            _number("cable_cel", "Cel", -40.0, 250.0),
        ),
        _profile("tank_lid", "水箱水盖", 3600.0, ProfileField(name="lid_open", kind="flag")),
        _profile("toilet", "公厕", 300.0, _number("ammonia_ug_m3", "ug/m3", 0.0, 20_000.0)),
        _profile(
            "device_health",
            "设备状态",
            3600.0,
            _number("battery_ratio", "/", 0.0, 1.0),
            _number("enclosure_cel", "Cel", -50.0, 120.0),
            ProfileField(name="door_open", kind="flag"),
        ),
        _profile(
            "box_health",
            "边缘盒状态",
            60.0,
            _number("cpu_cel", "Cel", -50.0, 120.0),
            _number("load_ratio", "/", 0.0, 1000.0),
            _number("memory_ratio", "/", 0.0, 1.0),
            _number("disk_ratio", "/", 0.0, 1.0),
            _number("clock_offset_s", "s", -86_400.0, 86_400.0),
        ),
    )
}
"""The profiles that ship. Ranges are the measuring ranges of common street sensors, not limits of law."""
