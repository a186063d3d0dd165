"""The OpenAPI document of the API, made without a server: what the console's types are generated from."""

import tempfile
from pathlib import Path
from typing import Any

from cloud_api.bootstrap import build
from cloud_api.config import ApiConfig
from runtime.clock import build_clock

__all__ = ["openapi_document"]


def openapi_document() -> dict[str, Any]:
    """Return the document of an API with every default."""
    with tempfile.TemporaryDirectory(prefix="cityloop-openapi-") as folder:
        api = build(
            ApiConfig(
                database_url=f"sqlite:///{Path(folder) / 'api.sqlite'}",
                evidence_dir=str(Path(folder) / "evidence"),
            ),
            build_clock(None),
        )
        try:
            return api.document()
        finally:
            api.close()
