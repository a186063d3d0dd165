"""Finding and reading scenarios: those that ship by name, anybody's own by path."""

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from runtime.errors import ConfigError
from runtime.yaml_document import Document, convert, load_document
from simulators.city.city import City
from simulators.city.city_builder import build_city
from simulators.city.declaration import ScenarioDeclaration
from simulators.errors import ScenarioError

__all__ = ["load_city", "scenario_names", "scenario_path"]

_FOLDER = Path(__file__).parent / "scenarios"


def scenario_names() -> tuple[str, ...]:
    """Return the names of the scenarios that ship, in alphabetical order."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def scenario_path(name: str) -> Path:
    """Return the file of a scenario: a shipped one by name, any other by path.

    Raises:
        ScenarioError: there is neither.
    """
    shipped = _FOLDER / f"{name}.yaml"
    if "/" not in name and shipped.exists():
        return shipped
    path = Path(name)
    if path.suffix in {".yaml", ".yml"} and path.exists():
        return path
    known = ", ".join(scenario_names())
    raise ScenarioError(f"scenario {name!r}: expected a file or one of {known}")


def load_city(name: str, seed: int, *, surge: float = 1.0) -> City:
    """Return a scenario by name or path, ready to run.

    Args:
        name: see :func:`scenario_path`.
        seed: 0 or more.
        surge: how many times more sensors, incidents and faults, 1 to 10.

    Raises:
        ScenarioError: no such scenario; or the file's own fault, as ``file:line:column: what``.
    """
    path = scenario_path(name)
    try:
        document = load_document(path)
        declared = convert(document, ScenarioDeclaration)
        city = build_city(declared, seed, document.error, surge=surge)
        packs = _packs(declared.packs, path.parent.resolve(), document)
    except ConfigError as failure:
        raise ScenarioError(str(failure)) from failure
    return replace(city, folder=path.parent.resolve(), packs=packs)


def _packs(declared: Sequence[str], folder: Path, document: Document) -> tuple[str, ...]:
    """Return the rule packs of a scenario, from its own folder.

    Raises:
        ConfigError: there is no such file.
    """
    packs = [folder / pack for pack in declared]
    for number, pack in enumerate(packs):
        if not pack.is_file():
            raise document.error(
                ("packs", number),
                f"no file {pack}; expected a rule pack, its path from this file's",
            )
    return tuple(str(pack) for pack in packs)
