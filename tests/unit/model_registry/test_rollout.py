"""Which box gets which version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.model_registry.rollout import (
    Rollout,
    Rule,
    VersionRef,
    place_of,
    wish_for,
    with_models,
)
from contracts.registry import BoxEntry

VERSIONS = {
    version: VersionRef(version=version, sha256=version[0] * 64, size_bytes=10)
    for version in ("1.0.0", "2.0.0")
}
NAMES = st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True)


def box(name: str = "b-1", district: str = "d-1", site: str = "s-1") -> BoxEntry:
    """Return a box of the registry."""
    return BoxEntry(box=name, district=district, site=site)


def version_for(entry: BoxEntry, *rules: Rule, kind: str = "active") -> str | None:
    """Return which version the rules give to a box."""
    wish = wish_for("street-sim", Rollout(rules=rules), entry, VERSIONS)
    return None if kind not in wish else str(wish[kind]["version"])


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([], None),
        ([Rule(version="1.0.0")], "1.0.0"),
        ([Rule(version="1.0.0", boxes=("b-2",))], None),
        ([Rule(version="1.0.0", boxes=("b-1", "b-2"))], "1.0.0"),
        ([Rule(version="1.0.0", districts=("d-2",)), Rule(version="2.0.0")], "2.0.0"),
        ([Rule(version="1.0.0", districts=("d-1",), sites=("s-9",))], None),
        ([Rule(version="9.9.9"), Rule(version="1.0.0")], "1.0.0"),
        ([Rule(version="2.0.0", boxes=("b-1",)), Rule(version="1.0.0")], "2.0.0"),
    ],
    ids=["none", "all", "other", "named", "district", "both", "unpublished", "first"],
)
def test_the_first_rule_that_fits_decides(rules: list[Rule], expected: str | None) -> None:
    """Conditions are all to fit; an empty one fits everybody."""
    assert version_for(box(), *rules) == expected


def test_a_shadow_is_beside_what_counts() -> None:
    """A rule with a share leaves the active version alone."""
    rules = (Rule(version="2.0.0", shadow_share=0.1), Rule(version="1.0.0"))
    wish = wish_for("street-sim", Rollout(rules=rules), box(), VERSIONS)

    assert (wish["active"]["version"], wish["candidate"]["version"]) == ("1.0.0", "2.0.0")
    assert wish["candidate"]["share"] == 0.1


@given(model=NAMES, name=NAMES, low=st.floats(0.1, 100.0), more=st.floats(0.0, 100.0))
def test_who_is_in_at_a_small_share_is_in_at_a_larger_one(
    model: str, name: str, low: float, more: float
) -> None:
    """Raising a percentage takes nobody's version away."""
    small = Rule(version="1.0.0", percent=low)
    large = Rule(version="1.0.0", percent=min(100.0, low + more))

    assert not small.fits(model, box(name)) or large.fits(model, box(name))


def test_a_percentage_is_about_that_share_of_the_boxes() -> None:
    """Of 4,000 boxes, 10 percent are 400 give or take; another model chooses others."""
    names = [f"box-{number}" for number in range(4_000)]
    first = {name for name in names if place_of("street-sim", name) < 10.0}
    other = {name for name in names if place_of("smoke", name) < 10.0}

    assert 340 <= len(first) <= 460
    assert len(first & other) < 100


def test_wishes_replace_what_a_person_wrote_about_models() -> None:
    """Only rollouts say what boxes run; the rest of a configuration stays."""
    config = {"fps": 5, "models": {"x": {}}}

    assert with_models(config, {}) == {"fps": 5}
    assert with_models(config, {"y": {}}) == {"fps": 5, "models": {"y": {}}}
