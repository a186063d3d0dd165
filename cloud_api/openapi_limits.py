"""What the limit on bodies answers, named on every route that writes: the limit stands before all of them."""

from typing import Any

from fastapi import FastAPI

from cloud_api.errors import BodyTooLarge, RequestTimeout
from cloud_api.openapi_additions import add_when_described
from cloud_api.routes.answers import documented

__all__ = ["name_limits"]

_WRITING = ("post", "put", "patch", "delete")


def name_limits(app: FastAPI) -> None:
    """Let an application's OpenAPI document name 413 and 408 wherever a body may be sent."""
    add_when_described(app, _add)


def _add(document: dict[str, Any]) -> None:
    for path in document["paths"].values():
        for method in _WRITING:
            if method not in path:
                continue
            for status, said in documented(BodyTooLarge, RequestTimeout).items():
                known = path[method]["responses"].setdefault(str(status), said)
                known.setdefault("content", {}).update(said["content"])
