"""What is added to an application's OpenAPI document once somebody asks for it."""

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

__all__ = ["add_when_described"]


def add_when_described(app: FastAPI, add: Callable[[dict[str, Any]], None]) -> None:
    """Let ``add`` change the document when it is made; it is made once, and kept by the application."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        fresh = app.openapi_schema is None
        document = plain()
        if fresh:
            add(document)
        return document

    app.openapi = described  # type: ignore[method-assign]
