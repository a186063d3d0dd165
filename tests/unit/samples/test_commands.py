"""What the catalogue commands print and refuse, without a network."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cityloop.samples.commands import main as samples
from models.__main__ import main as models
from models.catalogue.entries import load_models
from runtime.fetching.catalogue import Catalogue, Entry, load_catalogue
from runtime.fetching.errors import UnknownEntry


def test_list_names_licence_and_author() -> None:
    """People see what they may do with a clip before they fetch it."""
    result = CliRunner().invoke(samples, ["list"])

    assert "car-park  2.8 MB  CC-BY-4.0" in result.output
    assert "by Intel IoT DevKit sample videos" in result.output
    assert "street" in result.output
    assert "for research only: pull needs --accept-research-use" in result.output


def test_list_as_json() -> None:
    """Machines get every field."""
    entries = json.loads(CliRunner().invoke(models, ["list", "--json"]).output)
    (entry,) = [entry for entry in entries if entry["name"] == "yolox-nano"]

    assert entry["sha256"] == "695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14"


def test_an_unknown_name_lists_the_known_ones() -> None:
    """A typo is answered with what there is."""
    with pytest.raises(UnknownEntry, match="expected one of car-park, street"):
        load_catalogue("cityloop.samples", Catalogue).entry("carpark")
    result = CliRunner().invoke(samples, ["pull", "carpark"])

    assert result.exit_code == 1
    assert "Error: 'carpark' is not in the catalogue" in result.output


DOCS = Path(__file__).parents[3] / "docs"
CLIPS = load_catalogue("cityloop.samples", Catalogue).entries


@pytest.mark.parametrize(
    ("page", "entries"),
    [("samples.md", CLIPS), ("models.md", load_models().entries)],
    ids=["samples", "models"],
)
def test_docs_list_every_entry_with_its_licence(page: str, entries: tuple[Entry, ...]) -> None:
    """The documentation's table is the catalogue."""
    text = (DOCS / page).read_text(encoding="utf-8")
    for entry in entries:
        (row,) = [line for line in text.splitlines() if f"| `{entry.name}` |" in line]

        assert entry.licence in row
        assert ("research only" in row) == entry.research_only
