"""Serves the built console: hashed files for ever, pages anew, whichever is packed best for the browser."""

import mimetypes
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from cloud_api.browser_guard import CONSOLE_POLICY
from cloud_api.console.config import GROUND, ConsoleConfig
from cloud_api.errors import MethodNotAllowed, NotFound
from cloud_api.problems import problem_response

__all__ = ["BUILT", "PREFIX", "ConsoleSite", "page_policy"]

PREFIX = "/console"
BUILT = Path(__file__).parent / "dist"
"""Where the build puts the pages; absent from a clone that was never built."""

_HASHED = "assets/"
_YEAR_S = 31_536_000
_PACKED = (("br", ".br"), ("gzip", ".gz"))
_TYPES = {".mjs": "text/javascript", ".js": "text/javascript", ".webmanifest": "application/json"}
_UNBUILT = (
    "<!doctype html><html lang=en><title>cityloop</title>"
    "<h1>The console is not built</h1><p>Run <code>make console</code> in the source folder "
    "(needs Node 20.19 or newer and the npm registry), then load this page again. "
    "The API itself is at work: see <a href=/docs>/docs</a>."
)


class _Built(NamedTuple):
    """One file as it is served."""

    path: Path
    media_type: str
    etag: str
    packed: tuple[tuple[str, Path], ...]


def page_policy(config: ConsoleConfig) -> str:
    """Return the policy of our pages: what they load of others are the configured tiles alone."""
    origins = {
        f"{parts.scheme}://{parts.netloc}"
        for address in (config.tiles, config.pmtiles)
        if address is not None and (parts := urlsplit(address)).netloc
    }
    if not origins:
        return CONSOLE_POLICY
    named = " ".join(sorted(origins))
    return CONSOLE_POLICY.replace("img-src 'self'", f"img-src 'self' {named}").replace(
        "connect-src 'self'", f"connect-src 'self' {named}"
    )


class ConsoleSite:
    """An application below ``/console``: files of the build; any other path there is the first page.

    Args:
        folder: what the build made; may be absent.
        config: what the pages may load.
    """

    def __init__(self, folder: Path, config: ConsoleConfig) -> None:
        self._files = _files(folder)
        self._policy = page_policy(config)
        self._ground = None if config.pmtiles_file is None else Path(config.pmtiles_file)
        self._kept: dict[Path, bytes] = {}

    @property
    def built(self) -> bool:
        """Whether there are pages to serve."""
        return "index.html" in self._files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = self._answer(scope)
        await answer(scope, receive, send)

    def _answer(self, scope: Scope) -> Response:
        path = str(scope["path"])
        if scope["method"] not in {"GET", "HEAD"}:
            return problem_response(
                MethodNotAllowed(f"{path} does not take {scope['method']}; it is a page"), path
            )
        if path == PREFIX:
            return RedirectResponse(f"{PREFIX}/", status_code=308)
        if path == GROUND and self._ground is not None:
            return self._tiles(self._ground)
        if not self.built:
            return Response(_UNBUILT, status_code=503, media_type="text/html")
        name = path.removeprefix(f"{PREFIX}/")
        found = self._files.get(name)
        if found is None and (
            name.startswith(_HASHED) or mimetypes.guess_type(name)[0] or ".." in name
        ):
            return problem_response(
                NotFound(f"{path} does not exist; the console was built anew: load it again"), path
            )
        return self._serve(name, found or self._files["index.html"], Headers(scope=scope))

    def _tiles(self, ground: Path) -> Response:
        """Return the archive of tiles; browsers ask for parts of it (Range)."""
        if not ground.is_file():
            return problem_response(
                NotFound(f"{ground.name} is gone; see console.pmtiles_file of the configuration"),
                GROUND,
            )
        return FileResponse(
            ground, media_type="application/octet-stream", headers={"Cache-Control": "no-cache"}
        )

    def _serve(self, name: str, file: _Built, asked: Headers) -> Response:
        page = file.media_type == "text/html"
        kept = f"public, max-age={_YEAR_S}, immutable" if name.startswith(_HASHED) else "no-cache"
        headers = {"Cache-Control": kept, "ETag": file.etag, "Vary": "Accept-Encoding"}
        if page:
            headers["Content-Security-Policy"] = self._policy
        if file.etag in asked.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        taken = _accepted(asked.get("accept-encoding", ""))
        path = file.path
        for encoding, packed in file.packed:
            if encoding in taken:
                headers["Content-Encoding"] = encoding
                path = packed
                break
        # a build does not change while it is served, and all of it that is asked for is some megabytes
        body = self._kept.get(path)
        if body is None:
            body = self._kept[path] = path.read_bytes()
        return Response(body, media_type=file.media_type, headers=headers)


def _accepted(header: str) -> set[str]:
    """Return the codings that a browser takes; ``;q=0`` refuses one (RFC 9110 §12.5.3)."""
    parts = (part.replace(" ", "").lower().partition(";") for part in header.split(","))
    return {
        name for name, _, weight in parts if weight not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    }


def _files(folder: Path) -> dict[str, _Built]:
    """Return every file of a build by its path there, packed ones beside what they were packed from."""
    found: dict[str, _Built] = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.suffix in {".br", ".gz"} or path.name.startswith("."):
            continue
        name = path.relative_to(folder).as_posix()
        kind = _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
        about = path.stat()
        found[name] = _Built(
            path,
            kind or "application/octet-stream",
            f'"{about.st_mtime_ns:x}-{about.st_size:x}"',
            tuple(
                (encoding, packed)
                for encoding, suffix in _PACKED
                if (packed := path.with_name(path.name + suffix)).is_file()
            ),
        )
    return found
