"""Evidence over HTTP(S): ``PUT {api}/v1/evidence/{sha256}``."""

import httpx

from edge.evidence.ports import UploadFailed, UploadRefused

__all__ = ["HttpEvidenceStore"]

_RETRY_STATUS = frozenset({401, 403, 404, 408, 409, 425, 429})
"""Client errors that a person at the other end can put right while the picture waits: a key not
yet known, a route not yet deployed, too many requests."""


class HttpEvidenceStore:
    """Uploads to the case API.

    Args:
        url: base address of the API, without ``/v1``.
        key: API key, sent as a bearer token; None sends none.
        timeout_s: seconds for connecting, and again for each read and write.
    """

    def __init__(self, url: str, key: str | None, *, timeout_s: float = 10.0) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._url = url.rstrip("/")
        self._client = httpx.Client(headers=headers, timeout=timeout_s)

    def put(self, sha256: str, data: bytes, media_type: str) -> None:
        """Upload the bytes under their hash.

        Raises:
            UploadFailed: no connection, no answer in time, or a status worth a retry.
            UploadRefused: any other status that is not 2xx.
        """
        url = f"{self._url}/v1/evidence/{sha256}"
        try:
            answer = self._client.put(url, content=data, headers={"Content-Type": media_type})
        except (httpx.TransportError, httpx.InvalidURL) as error:
            msg = f"evidence {sha256}: {url} did not answer ({error}); it is tried again"
            raise UploadFailed(msg) from error
        if answer.is_success:
            return
        said = f"evidence {sha256}: {url} answered {answer.status_code} {answer.text[:200]!r}"
        if answer.status_code in _RETRY_STATUS or answer.status_code >= 500:
            msg = f"{said}; expected 2xx; check api.url and the key; it is tried again"
            raise UploadFailed(msg)
        msg = f"{said}; expected 2xx; the picture is given up"
        raise UploadRefused(msg)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
