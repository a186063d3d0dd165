"""A city profile: a folder of dated, versioned data that makes the same program another city's."""

import csv
import io
from pathlib import Path

from msgspec import Struct

from cloud_api.deadlines.calendar import day_kinds
from cloud_api.deadlines.policy import DeadlinePolicy, PolicySpec
from cloud_api.errors import ProfileError
from runtime.yaml_document import convert, load_document

__all__ = [
    "PROFILE_FOLDER",
    "CityProfile",
    "ProfileSpec",
    "load_profile",
    "profile_folder",
    "rows_of",
]

PROFILE_FOLDER = Path(__file__).parent / "profiles"

MAX_TABLE_BYTES = 32 * 1024 * 1024
"""Largest table that is read."""


class ProfileSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``profile.yaml``: what the folder is."""

    profile: str
    """Name. No default."""
    version: str
    """Version of the data, written where it was used. No default."""
    zh: str
    """Chinese name. No default."""
    en: str
    """English name. No default."""
    what: str
    """What it is and what it is not: where the data come from, who has checked them. No default."""


class CityProfile:
    """A profile that has been read and checked."""

    def __init__(self, spec: ProfileSpec, folder: Path, deadlines: DeadlinePolicy) -> None:
        self.spec = spec
        self.folder = folder
        self.deadlines = deadlines


def profile_folder(name: str) -> Path:
    """Return the folder of a profile: one that ships, or a path.

    Raises:
        ProfileError: there is no such folder.
    """
    for folder in (PROFILE_FOLDER / name, Path(name)):
        if (folder / "profile.yaml").is_file():
            return folder
    known = ", ".join(sorted(path.parent.name for path in PROFILE_FOLDER.glob("*/profile.yaml")))
    raise ProfileError(
        f"profile {name!r}: no profile.yaml there; expected one of {known}, or the path of a folder"
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    """Return the lines of a CSV table (UTF-8, with a header), texts stripped.

    Raises:
        ProfileError: the file is missing, too large, no UTF-8, or a line has too many fields.
    """
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise ProfileError(f"{path}: expected at most {MAX_TABLE_BYTES} bytes")
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(f"{path}: {error}; expected a CSV table in UTF-8") from error
    return table_rows(text, path.name)


def table_rows(text: str, name: str) -> list[dict[str, str]]:
    """Return the lines of a CSV text, by the names in its first line.

    Raises:
        ProfileError: a line has more fields than the header.
    """
    rows: list[dict[str, str]] = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text, newline="")), 2):
        if None in row:
            raise ProfileError(f"{name}:{number}: more fields than the header has; quote commas")
        rows.append({key: (value or "").strip() for key, value in row.items()})
    return rows


def load_profile(name: str, *, utc_offset_minutes: int, steps: frozenset[str]) -> CityProfile:
    """Return the profile in a folder.

    Args:
        name: name of a folder in cloud_api/profiles, or a path.
        utc_offset_minutes: minutes east of UTC of the city.
        steps: ids of the steps of the flows, which clocks may be named after.

    Raises:
        ProfileError: there is no such profile, or it contradicts itself.
        ConfigError: a file of it is no valid document; the message has line and column.
    """
    folder = profile_folder(name)
    spec = convert(load_document(folder / "profile.yaml"), ProfileSpec)
    policy = convert(load_document(folder / "deadlines.yaml"), PolicySpec)
    holidays = day_kinds(rows_of(folder / "holidays.csv"), "holidays.csv")
    deadlines = DeadlinePolicy(policy, holidays, utc_offset_minutes, steps)
    return CityProfile(spec, folder, deadlines)
