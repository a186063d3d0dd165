"""A small HTTP server on threads, for pages of the box itself."""

import sys
from http.server import ThreadingHTTPServer
from typing import Any

__all__ = ["PageServer"]


class PageServer(ThreadingHTTPServer):
    """Answers each visitor on a thread of its own, which the process does not wait for."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of who has gone before his answer came; print anything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
