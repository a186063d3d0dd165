"""The fleet's part of the API over HTTP."""

from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from contracts.packs import DesiredPacks
from contracts.registry import DesiredPage, FleetReport, RegistryPage
from gateway.api_key import ApiKey
from gateway.errors import FleetUnavailableError, KeyUnreadableError

__all__ = ["HttpFleetApi"]

T = TypeVar("T")


class HttpFleetApi:
    """``/v1/registry``, ``/v1/desired``, ``/v1/desired-packs`` and ``/v1/fleet/reports``.

    Args:
        url: base of the API.
        key_file: file that holds the API key; read at the first use and again after a 401.
        districts: districts that are served.
        timeout_s: seconds after which a request counts as failed.
        transport: httpx transport; None uses the network.
    """

    def __init__(
        self,
        url: str,
        key_file: Path | None,
        *,
        districts: tuple[str, ...],
        timeout_s: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._key = ApiKey(key_file)
        self._districts = ",".join(districts)
        self._client = httpx.Client(timeout=timeout_s, transport=transport)

    def registry(self, since: int) -> RegistryPage | None:
        """Return what changed in the registry after a revision; None for nothing.

        Raises:
            FleetUnavailableError: no answer, or one that is of no use.
        """
        return self._follow("/v1/registry", since, RegistryPage)

    def desired(self, since: int) -> DesiredPage | None:
        """Return desired configurations that changed after a revision; None for nothing.

        Raises:
            FleetUnavailableError: no answer, or one that is of no use.
        """
        return self._follow("/v1/desired", since, DesiredPage)

    def packs(self, since: int) -> DesiredPacks | None:
        """Return approved packs that changed after a revision; None for nothing.

        Raises:
            FleetUnavailableError: no answer, or one that is of no use.
        """
        return self._follow("/v1/desired-packs", since, DesiredPacks)

    def report(self, report: FleetReport) -> None:
        """Tell how the fleet is doing.

        Raises:
            FleetUnavailableError: no answer, or a refusal.
        """
        self._ask("POST", "/v1/fleet/reports", content=msgspec.json.encode(report))

    def _follow(self, path: str, since: int, kind: type[T]) -> T | None:
        answer = self._ask(
            "GET",
            path,
            params={"since": str(since), "districts": self._districts},
            tag=f'"{since}"',
        )
        if answer.status_code == httpx.codes.NOT_MODIFIED:
            return None
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.DecodeError as error:
            raise FleetUnavailableError(
                f"{self._url}{path}: {error}; is it a cityloop API of this version?"
            ) from error

    def _ask(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        content: bytes | None = None,
        tag: str | None = None,
    ) -> httpx.Response:
        headers = self._headers()
        if tag is not None:
            headers["if-none-match"] = tag
        address = f"{self._url}{path}"
        try:
            answer = self._client.request(
                method, address, params=params, content=content, headers=headers
            )
        except httpx.HTTPError as error:
            raise FleetUnavailableError(
                f"{address}: {type(error).__name__}: {error}; what is known stays in force"
            ) from error
        if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
            return answer
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            self._key.refused()
        raise FleetUnavailableError(
            f"{address} answered {answer.status_code}: {answer.text[:300]}; "
            "what is known stays in force"
        )

    def _headers(self) -> dict[str, str]:
        try:
            return self._key.headers()
        except KeyUnreadableError as error:
            raise FleetUnavailableError(str(error)) from error

    def close(self) -> None:
        """Give up the connections."""
        self._client.close()
