"""Asking the API, with one line for whatever goes wrong."""

from pathlib import Path
from typing import Any, Self

import httpx

from cityloop.errors import FleetRefused
from runtime.secret import read_secret

__all__ = ["FleetClient"]

_TIMEOUT_S = 30.0


class FleetClient:
    """A caller with one key.

    Args:
        url: base address of the API.
        key_file: file that holds a key of role admin; None sends none.
    """

    def __init__(self, url: str, key_file: Path | None) -> None:
        key = read_secret(None if key_file is None else str(key_file), None, f"api {url}")
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        content: bytes | None = None,
        params: dict[str, str] | None = None,
        accept: tuple[int, ...] = (),
    ) -> httpx.Response:
        """Return the API's answer.

        Args:
            method: GET, PUT, POST or DELETE.
            path: path below the base address.
            body: sent as JSON.
            content: sent as it is.
            params: query parameters.
            accept: further status codes that are answers.

        Raises:
            FleetRefused: no answer, or a refusal; with what the API says.
        """
        try:
            answer = self._client.request(method, path, json=body, content=content, params=params)
        except (httpx.HTTPError, OSError) as error:
            raise FleetRefused(
                f"{self._client.base_url}: {type(error).__name__}: {error}; is the API running?"
            ) from error
        if answer.is_success or answer.status_code in accept:
            return answer
        try:
            detail = answer.json()["detail"]
        except (ValueError, KeyError):
            detail = answer.text[:300]
        raise FleetRefused(f"{method} {path}: {answer.status_code}: {detail}")

    def pages(self, path: str) -> list[dict[str, Any]]:
        """Return every item of a list.

        Raises:
            FleetRefused: see :meth:`ask`.
        """
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            params = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = self.ask("GET", path, params=params).json()
            found.extend(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return found
