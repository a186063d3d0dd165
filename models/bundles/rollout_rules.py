"""How a new rule joins those by which a model is rolled out."""

from typing import Any

__all__ = ["joined"]

_CONDITIONS = ("boxes", "sites", "districts")


def joined(rules: list[dict[str, Any]], new: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rules with a new one among them.

    A rule of the same kind with the same conditions gives way to it. The first rule that fits decides,
    so those that name boxes stand before those that name sites, districts, and nothing.

    Args:
        rules: as they are.
        new: version, conditions, percent, and with ``shadow_share`` for the shadow.
    """
    kept = [rule for rule in rules if _key(rule) != _key(new)]
    return sorted([new, *kept], key=_width)


def _key(rule: dict[str, Any]) -> tuple[object, ...]:
    return (
        rule.get("shadow_share") is not None,
        *(tuple(sorted(rule.get(name) or ())) for name in _CONDITIONS),
    )


def _width(rule: dict[str, Any]) -> int:
    for width, name in enumerate(_CONDITIONS):
        if rule.get(name):
            return width
    return len(_CONDITIONS)
