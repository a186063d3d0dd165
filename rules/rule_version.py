"""The version of a rule: a hash of what it does."""

import hashlib

import msgspec

__all__ = ["rule_version"]

_DIGITS = 12


def rule_version(data: object, index: int) -> str:
    """Return a short hash of a rule's content, the same however the YAML is laid out."""
    rules = msgspec.convert(data, dict[str, object])["rules"]
    content = dict(msgspec.convert(rules, list[dict[str, object]])[index])
    content.pop("tests", None)
    if "active" in content and isinstance(data, dict):
        content["active"] = [content["active"], data.get("calendars"), data.get("holidays")]
    encoded = msgspec.json.encode(content, order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:_DIGITS]
