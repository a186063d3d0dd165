"""The public names of the wire vocabulary, pinned: a change here is a change for everybody."""

import importlib
import pkgutil
from importlib.metadata import packages_distributions

import pytest

import contracts

PINNED = {
    "__main__": ("main",),
    "packs": (
        "DesiredPack",
        "DesiredPacks",
        "PACK_NAME",
        "PackInForce",
        "PackReport",
        "pack_sha256",
    ),
    "picture_hash": ("COLUMNS", "HASH_BITS", "ROWS", "difference_bits"),
    "ack": ("Ack",),
    "alike_pack": (
        "AlikePack",
        "SensorShape",
        "learn_shape",
        "resolve_alike",
    ),
    "codec": (
        "BoxMessage",
        "MAX_PAYLOAD_BYTES",
        "MESSAGE_TYPES",
        "Message",
        "decode_box_message",
        "decode_message",
        "encode",
        "stamp_sent",
    ),
    "control": (
        "Command",
        "CommandName",
        "CommandResult",
        "Comparison",
        "ConfigDesired",
        "ConfigReported",
        "Control",
        "ControlAction",
        "Mode",
    ),
    "coordinates": (
        "bd09_to_wgs84",
        "gcj02_to_wgs84",
        "is_shifted",
        "wgs84_to_bd09",
        "wgs84_to_gcj02",
    ),
    "counts": (
        "Counts",
        "LineCount",
        "ZoneCount",
    ),
    "envelope": (
        "Channel",
        "Discovery",
        "Envelope",
        "Evidence",
        "EvidenceRole",
        "Id",
        "Latitude",
        "Longitude",
        "Moment",
        "Place",
        "Ratio",
        "Redaction",
        "Sha256",
    ),
    "errors": (
        "ContractError",
        "IdError",
        "MessageError",
        "TopicError",
        "UnitError",
    ),
    "event": (
        "Cause",
        "Event",
        "EventPhase",
        "Title",
    ),
    "geometry": (
        "EARTH_RADIUS_M",
        "Point",
        "crossing_direction",
        "distance_m",
        "from_local_m",
        "point_in_polygon",
        "polygon_area_m2",
        "side_of_line",
        "to_local_m",
    ),
    "ids": (
        "BOOT_ID_PATTERN",
        "BootId",
        "BoxId",
        "CameraId",
        "CaseId",
        "EventId",
        "ID_PATTERN",
        "check_id",
        "episode_id",
        "new_boot_id",
        "observation_id",
    ),
    "levels": (
        "LEVEL_NAMES_ZH",
        "Lamp",
        "Level",
        "level_rank",
    ),
    "observation": (
        "Observation",
        "ObservationKind",
        "OriginalClip",
        "Phase",
        "URGENT_KINDS",
    ),
    "profiles": (
        "DeviceProfile",
        "PROFILES",
        "ProfileField",
    ),
    "quality": (
        "QualityCheck",
        "QualityFlag",
        "worst_flag",
    ),
    "readings": (
        "Readings",
        "Record",
        "SubjectReading",
        "Value",
        "moment",
        "resolve_pack",
    ),
    "registry": (
        "BoxEntry",
        "BoxReport",
        "DesiredConfig",
        "DesiredPage",
        "DeviceEntry",
        "FleetReport",
        "Lifecycle",
        "OnlineRate",
        "OrderReport",
        "RegistryPage",
        "RegistryUpdate",
        "UnknownDevices",
        "desired_sha256",
    ),
    "review": (
        "LabelledBox",
        "ReviewDecision",
        "ReviewItem",
        "ReviewReason",
        "network_name",
    ),
    "schema": (
        "CHANNELS",
        "WireChannel",
        "asyncapi",
        "generated_files",
        "message_schema",
    ),
    "status": (
        "BoxState",
        "CameraState",
        "Dropped",
        "Status",
        "SubjectBirth",
    ),
    "subject_reading": (
        "NO_FLAGS",
        "NO_UNITS",
        "SubjectReading",
        "Value",
        "absolute_time",
    ),
    "topics": (
        "BoxTopic",
        "DistrictTopic",
        "Kind",
        "PREFIX",
        "box_topic",
        "district_topic",
        "parse_topic",
        "subscription",
    ),
    "tracks": (
        "TrackState",
        "Tracks",
    ),
    "units": (
        "UNITS",
        "Unit",
        "base_unit",
        "convert",
        "same_dimension",
        "to_base",
    ),
}

OURS = (
    "contracts",
    "runtime",
    "rules",
    "edge",
    "gateway",
    "cloud_api",
    "models",
    "simulators",
    "cityloop",
)


def test_every_module_is_pinned() -> None:
    """A new module of the vocabulary is a deliberate act."""
    found = {module.name for module in pkgutil.iter_modules(contracts.__path__)}

    assert set(PINNED) == found


@pytest.mark.parametrize("module", PINNED)
def test_public_names(module: str) -> None:
    """``__all__`` is what it was, and every name in it exists."""
    imported = importlib.import_module(f"contracts.{module}")

    assert PINNED[module] == tuple(sorted(imported.__all__))
    assert all(hasattr(imported, name) for name in imported.__all__)


@pytest.mark.parametrize("package", OURS)
def test_nobody_else_has_our_names(package: str) -> None:
    """No other distribution in this environment installs a package of one of our generic names.

    An editable installation lists no packages of its own, hence the default; the packaging tests
    ask a real wheel for the exact answer.
    """
    assert set(packages_distributions().get(package, ["cityloop"])) == {"cityloop"}
