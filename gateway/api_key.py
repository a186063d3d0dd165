"""The key that a gateway shows to the API."""

from pathlib import Path

from gateway.errors import KeyUnreadableError

__all__ = ["ApiKey"]


class ApiKey:
    """A key in a file: read at its first use, and again after it was refused.

    So a new key needs no restart.

    Args:
        file: holds nothing but the key; None: requests carry none.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._key: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the headers of a JSON request that carries the key.

        Raises:
            KeyUnreadableError: the file cannot be read now.
        """
        headers = {"content-type": "application/json"}
        if self._key is None and self._file is not None:
            try:
                self._key = self._file.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise KeyUnreadableError(
                    f"API key file {self._file}: {error.strerror}; make one with "
                    "`cityloop api keys create --role gateway`, and let the gateway's user read it"
                ) from error
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        return headers

    def refused(self) -> None:
        """Read it again before the next request."""
        self._key = None
