"""Fetches bundles from the API: goes on where it was cut off, and keeps only what has the right hash."""

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

import httpx

from edge.errors import FetchFailed
from edge.model_store.config import BundleRef
from edge.model_store.shelf import Shelf, sync_folder

__all__ = ["Fetcher"]

_CHUNK = 64 * 1024


class Fetcher:
    """Downloads to ``{sha256}.part`` and renames it once it is whole; for one thread.

    Args:
        shelf: where bundles lie.
        url: base address of the API, without ``/v1``.
        key: API key, sent as a bearer token; None sends none.
        timeout_s: seconds for connecting, and for each read.
        stop: once set, a download breaks off; it goes on the next time.
    """

    def __init__(
        self,
        shelf: Shelf,
        url: str,
        key: str | None,
        *,
        timeout_s: float,
        stop: threading.Event,
    ) -> None:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        self._shelf = shelf
        self._url = url.rstrip("/")
        self._client = httpx.Client(headers=headers, timeout=timeout_s)
        self._stop = stop
        self.counters = {"model_bytes_fetched": 0}

    def fetch(self, model: str, ref: BundleRef, progress: Callable[[int], None]) -> Path:
        """Return the path of a bundle, fetched unless it is here; its hash is that of ``ref``.

        Args:
            model: id of the model.
            ref: which bundle.
            progress: told how many bytes are there.

        Raises:
            FetchFailed: no connection, no answer in time, another status, or other bytes.
        """
        path, part = self._shelf.bundle_path(ref.sha256), self._shelf.part_path(ref.sha256)
        if path.exists():
            return path
        url = f"{self._url}/v1/models/{model}/versions/{ref.version}/bundle"
        try:
            part.parent.mkdir(parents=True, exist_ok=True)
            self._download(url, part, ref, progress)
            self._settle(url, part, path, ref)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            msg = f"{url} did not answer ({error}); it is tried again"
            raise FetchFailed(msg) from error
        except OSError as error:
            msg = f"the bundle cannot be written: {error}; free disk space under model_store.path"
            raise FetchFailed(msg) from error
        return path

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _download(
        self, url: str, part: Path, ref: BundleRef, progress: Callable[[int], None]
    ) -> None:
        have = part.stat().st_size if part.exists() else 0
        if have >= ref.size_bytes:
            return
        # as it is: what was compressed on the way could not be gone on with
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers |= {"Range": f"bytes={have}-", "If-Range": f'"{ref.sha256}"'}
        with self._client.stream("GET", url, headers=headers) as answer:
            if answer.status_code not in {200, 206}:
                said = answer.read()[:200].decode(errors="replace")
                msg = (
                    f"{url} answered {answer.status_code} {said!r}; expected 200; it is tried again"
                )
                raise FetchFailed(msg)
            goes_on = answer.status_code == 206
            have = have if goes_on else 0
            with part.open("ab" if goes_on else "wb") as file:
                # pieces as they come: a piece that waits to be filled is lost when it breaks off
                for chunk in answer.iter_raw():
                    have += len(chunk)
                    if have > ref.size_bytes:
                        part.unlink(missing_ok=True)
                        msg = (
                            f"{url} sends more than the {ref.size_bytes} bytes that were announced"
                        )
                        raise FetchFailed(msg)
                    file.write(chunk)
                    self.counters["model_bytes_fetched"] += len(chunk)
                    progress(have)
                    if self._stop.is_set():
                        raise FetchFailed(
                            "the box stops; the download goes on when it starts again"
                        )
                file.flush()
                os.fsync(file.fileno())

    def _settle(self, url: str, part: Path, path: Path, ref: BundleRef) -> None:
        size = part.stat().st_size
        if size < ref.size_bytes:
            msg = f"{url} broke off after {size} of {ref.size_bytes} bytes; it goes on from there"
            raise FetchFailed(msg)
        digest = hashlib.sha256()
        with part.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != ref.sha256:
            part.unlink()
            msg = (
                f"{url} gave bytes with SHA-256 {digest.hexdigest()[:16]}…, expected "
                f"{ref.sha256[:16]}…: changed on the way or in the registry; it is tried again"
            )
            raise FetchFailed(msg)
        part.replace(path)
        sync_folder(path.parent)
