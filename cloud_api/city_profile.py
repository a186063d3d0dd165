"""A city profile: a folder of dated, versioned data that makes the same program another city's."""

from pathlib import Path

from msgspec import Struct

from cloud_api.csv_table import rows_of
from cloud_api.deadlines.calendar import day_kinds
from cloud_api.deadlines.policy import DeadlinePolicy, PolicySpec
from cloud_api.dispatch.advice import Dispatcher
from cloud_api.dispatch.classes import ClassTable
from cloud_api.dispatch.gazetteer import Gazetteer
from cloud_api.dispatch.grid import load_grid
from cloud_api.dispatch.preplans import PreplanFile, Preplans
from cloud_api.dispatch.responsibility import ResponsibilityList
from cloud_api.dispatch.roster import Roster
from cloud_api.duplicates.finder import DuplicateFile, DuplicateFinder
from cloud_api.errors import ProfileError
from cloud_api.evaluation.indicators import INDICATOR_FILE, Indicator, load_indicators
from cloud_api.wording.suggesting import WEIGHTS, Suggester
from runtime.yaml_document import convert, load_document

__all__ = ["PROFILE_FOLDER", "CityProfile", "ProfileSpec", "load_profile", "profile_folder"]

PROFILE_FOLDER = Path(__file__).parent / "profiles"


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
    fallback: str
    """Department that holds what nobody answers for. No default."""
    what: str
    """What it is and what it is not: where the data come from, who has checked them. No default."""


class CityProfile:
    """A profile that has been read and checked."""

    def __init__(
        self,
        spec: ProfileSpec,
        folder: Path,
        deadlines: DeadlinePolicy,
        dispatcher: Dispatcher,
        duplicates: DuplicateFinder,
        indicators: tuple[Indicator, ...],
        suggester: Suggester | None,
        gazetteer: Gazetteer,
    ) -> None:
        self.duplicates = duplicates
        self.indicators = indicators
        self.suggester = suggester
        self.gazetteer = gazetteer
        self.spec = spec
        self.folder = folder
        self.deadlines = deadlines
        self.dispatcher = dispatcher


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


def load_profile(
    name: str, *, utc_offset_minutes: int, steps: frozenset[str], departments: frozenset[str]
) -> CityProfile:
    """Return the profile in a folder.

    Args:
        name: name of a folder in cloud_api/profiles, or a path.
        utc_offset_minutes: minutes east of UTC of the city.
        steps: ids of the steps of the flows, which clocks may be named after.
        departments: ids of the departments that exist.

    Raises:
        ProfileError: there is no such profile, or it contradicts itself.
        ConfigError: a file of it is no valid document; the message has line and column.
    """
    folder = profile_folder(name)
    spec = convert(load_document(folder / "profile.yaml"), ProfileSpec)
    if spec.fallback not in departments:
        raise ProfileError(
            f"{folder / 'profile.yaml'}: fallback {spec.fallback!r}; expected one of "
            f"{', '.join(sorted(departments))}"
        )
    policy = convert(load_document(folder / "deadlines.yaml"), PolicySpec)
    holidays = day_kinds(rows_of(folder / "holidays.csv"), "holidays.csv")
    preplans = convert(load_document(folder / "preplans.yaml"), PreplanFile).preplans
    grid = folder / "grid.geojson"
    dispatcher = Dispatcher(
        classes=ClassTable(rows_of(folder / "classes.csv"), "classes.csv"),
        listed=ResponsibilityList(
            rows_of(folder / "responsibilities.csv"), "responsibilities.csv", departments
        ),
        roster=Roster(rows_of(folder / "roster.csv"), "roster.csv", utc_offset_minutes),
        preplans=Preplans(preplans, departments),
        grid=load_grid(grid) if grid.is_file() else None,
        fallback=spec.fallback,
        utc_offset_minutes=utc_offset_minutes,
    )
    deadlines = DeadlinePolicy(policy, holidays, utc_offset_minutes, steps)
    rules = convert(load_document(folder / "duplicates.yaml"), DuplicateFile).rules
    own = folder / "indicators.yaml"
    indicators = load_indicators(own if own.is_file() else INDICATOR_FILE)
    finder = DuplicateFinder(rules)
    suggester = _suggester(folder, dispatcher.classes, utc_offset_minutes)
    named = folder / "places.csv"
    places = rows_of(named) if named.is_file() else []
    gazetteer = Gazetteer(places, named.name, dispatcher.grid)
    return CityProfile(
        spec, folder, deadlines, dispatcher, finder, indicators, suggester, gazetteer
    )


def _suggester(folder: Path, classes: ClassTable, utc_offset_minutes: int) -> Suggester | None:
    """Return what reads classes in words, by a folder's ``matters.csv``; None where it has none."""
    matters, own = folder / "matters.csv", folder / "wording.npz"
    if not matters.is_file():
        return None
    weights = own if own.is_file() else WEIGHTS
    return Suggester(classes, rows_of(matters), weights, utc_offset_minutes)
