"""Examples in the OpenAPI document: requests and answers that a running server has exchanged."""

from importlib import resources
from typing import Any

import msgspec
from fastapi import FastAPI

from cloud_api.openapi_additions import add_when_described

__all__ = ["EXAMPLES", "Example", "read_examples", "show_examples"]

EXAMPLES = "pages/examples.json"
"""File of the package; its test makes the exchanges again and compares them."""


class Example(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One exchange: what was sent, and what came back with which status and media type."""

    status: int
    request: Any = None
    response: Any = None
    media_type: str = "application/json"
    sent_as: str = "application/json"


def read_examples() -> dict[str, Example]:
    """Return the exchanges by method and path, like ``GET /v1/cases``."""
    raw = resources.files("cloud_api").joinpath(EXAMPLES).read_bytes()
    return msgspec.json.decode(raw, type=dict[str, Example])


def show_examples(app: FastAPI) -> None:
    """Let an application's OpenAPI document show the examples, once somebody asks for it."""
    add_when_described(app, lambda document: _add(document, read_examples()))


def _add(document: dict[str, Any], examples: dict[str, Example]) -> None:
    for key, example in examples.items():
        method, _, path = key.partition(" ")
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is None:
            continue
        if example.request is not None:
            body = operation.setdefault("requestBody", {"content": {}})
            body["content"].setdefault(example.sent_as, {})["example"] = example.request
        if example.response is not None:
            answer = operation["responses"].setdefault(
                str(example.status), {"description": "As in the example."}
            )
            content = answer.setdefault("content", {})
            content.setdefault(example.media_type, {})["example"] = example.response
