"""A template for any profile passes the check and its own test."""

from pathlib import Path

import pytest

from cityloop.rules_tools.check import check_packs
from cityloop.rules_tools.errors import NotFound
from cityloop.rules_tools.findings import load_packs
from cityloop.rules_tools.template import pack_template
from contracts.profiles import PROFILES
from rules.pack_tests import run_pack_tests


@pytest.mark.parametrize("profile", PROFILES)
def test_a_template_is_a_pack_without_findings(tmp_path: Path, profile: str) -> None:
    """It compiles, has no warnings, and the test inside it holds."""
    path = tmp_path / "new.yaml"
    path.write_text(pack_template(profile), encoding="utf-8")

    assert check_packs([path]) == []
    (loaded,) = load_packs([path])
    assert [result.ok for result in run_pack_tests(loaded.pack)] == [True]


def test_id_and_field_can_be_chosen() -> None:
    """The other field of a profile that has two."""
    text = pack_template("manhole", rule_id="cover", field="cover_open")

    assert "- id: cover\n" in text
    assert "when: cover_open, clear: '!cover_open'" in text


@pytest.mark.parametrize(("profile", "field"), [("manhol", None), ("manhole", "tilt")])
def test_what_does_not_exist_is_refused(profile: str, field: str | None) -> None:
    """The message lists what there is."""
    with pytest.raises(NotFound, match=r"expected one of|it has"):
        pack_template(profile, field=field)
