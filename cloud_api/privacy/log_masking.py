"""Personal data and secrets stay out of the logs: a structlog processor."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from cloud_api.privacy.masking import mask_value

__all__ = ["mask_log"]

_TOKEN = re.compile(r"\b(cityloop|session|enrol)_([0-9a-f]{12,16})_[A-Za-z0-9_-]{43}")
_STAYS = frozenset({"timestamp", "level", "service", "event"})


def mask_log(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return log fields masked, and with the secret part of every token of ours blotted out."""
    return {
        name: value if name in _STAYS else mask_value(_without_tokens(value), name)
        for name, value in fields.items()
    }


def _without_tokens(value: object) -> object:
    if isinstance(value, str):
        return _TOKEN.sub(r"\1_\2_***", value)
    if isinstance(value, Mapping):
        return {name: _without_tokens(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_tokens(inner) for inner in value]
    return value
