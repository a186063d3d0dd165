"""Speaks to the registry of models in the API."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from models.bundles.errors import RegistryRefused
from runtime.secret import read_secret

__all__ = ["RegistryClient"]

_TIMEOUT_S = 60.0


class RegistryClient:
    """One connection to the API.

    Args:
        url: base address, without ``/v1``.
        key_file: file with an API key; None sends none.

    Raises:
        SecretError: the file cannot be read.
    """

    def __init__(self, url: str, key_file: Path | None) -> None:
        key = read_secret(None if key_file is None else str(key_file), None, f"api {url}")
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._client = httpx.Client(
            base_url=url.rstrip("/"), headers=headers, timeout=httpx.Timeout(_TIMEOUT_S)
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def publish(self, model: str, version: str, bundle: Path) -> dict[str, Any]:
        """Return what the registry says of a bundle that it has taken.

        Raises:
            RegistryRefused: it was not taken, or nobody answered.
            OSError: the bundle cannot be read.
        """
        with bundle.open("rb") as file:
            return self.ask(
                "PUT",
                f"/v1/models/{model}/versions/{version}/bundle",
                content=file,
                headers={"Content-Type": "application/octet-stream"},
            )

    def promote(self, model: str, version: str, stage: str) -> dict[str, Any]:
        """Return a version after it was moved to another stage.

        Raises:
            RegistryRefused: that is not allowed, or nobody answered.
        """
        path = f"/v1/models/{model}/versions/{version}/stage"
        return self.ask("POST", path, json={"stage": stage})

    def models(self) -> list[dict[str, Any]]:
        """Return every published version.

        Raises:
            RegistryRefused: nobody answered.
        """
        items: list[dict[str, Any]] = self.ask("GET", "/v1/models")["items"]
        return items

    def rules(self, model: str) -> list[dict[str, Any]]:
        """Return the rules by which a model is rolled out.

        Raises:
            RegistryRefused: there is no such model, or nobody answered.
        """
        rollouts = self.ask("GET", f"/v1/models/{model}")["rollouts"]
        rules: list[dict[str, Any]] = rollouts[0]["rules"] if rollouts else []
        return rules

    def roll_out(self, model: str, rules: list[dict[str, Any]], reason: str) -> dict[str, Any]:
        """Return the rollout that was made of rules.

        Raises:
            RegistryRefused: a rule is wrong, or nobody answered.
        """
        path = f"/v1/models/{model}/rollout"
        return self.ask("PUT", path, json={"rules": rules}, params={"reason": reason})

    def boxes(self, model: str) -> list[dict[str, Any]]:
        """Return how far each box has come with a model.

        Raises:
            RegistryRefused: there is no such model, or nobody answered.
        """
        items: list[dict[str, Any]] = self.ask("GET", f"/v1/models/{model}/boxes")["items"]
        return items

    def ask(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        """Return the JSON object that the API answers with.

        Raises:
            RegistryRefused: it answered with a problem, or not at all.
        """
        found: dict[str, Any] = self._answer(method, path, **sent).json()
        return found

    def fetch(self, path: str) -> bytes:
        """Return the bytes that the API answers with.

        Raises:
            RegistryRefused: it answered with a problem, or not at all.
        """
        return self._answer("GET", path).content

    def _answer(self, method: str, path: str, **sent: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, path, **sent)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            msg = f"{self._client.base_url} did not answer: {error}; check --api"
            raise RegistryRefused(msg) from error
        if not answer.is_success:
            try:
                said = answer.json().get("detail", answer.text)
            except ValueError:
                said = answer.text
            raise RegistryRefused(f"{method} {path}: {answer.status_code}: {str(said)[:500]}")
        return answer
