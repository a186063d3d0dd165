"""A new rule among those that are there."""

from typing import Any

from models.bundles.rollout_rules import joined


def rule(version: str, **conditions: Any) -> dict[str, Any]:
    """Return a rule as the registry gives it."""
    return {"version": version, "boxes": [], "sites": [], "districts": [], **conditions}


def test_the_same_conditions_give_way() -> None:
    """A new version for all replaces the old one for all, and leaves the shadow alone."""
    rules = [rule("1.0.0"), rule("2.0.0", shadow_share=0.1)]

    assert joined(rules, rule("1.1.0", percent=50)) == [
        rule("1.1.0", percent=50),
        rule("2.0.0", shadow_share=0.1),
    ]


def test_narrow_rules_go_first() -> None:
    """Boxes before sites before districts before all, whatever came first."""
    rules = [rule("1.0.0"), rule("1.1.0", districts=["d"])]
    rules = joined(rules, rule("1.3.0", boxes=["b"]))

    assert [one["version"] for one in joined(rules, rule("1.2.0", sites=["s"]))] == [
        "1.3.0",
        "1.2.0",
        "1.1.0",
        "1.0.0",
    ]
