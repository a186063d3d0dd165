"""Figures that a chaos run waits for: silence must not pass for zero."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from cityloop.chaos.gauge import read_gauge
from cityloop.errors import NotReady

PAGE = b"""# HELP cityloop_gateway_events_pending Statements that wait for the API.
cityloop_gateway_events_pending 7
cityloop_gateway_lane_held{lane="a"} 1
cityloop_gateway_lane_held{lane="b"} 2
"""


class Gateway:
    """A metrics page that does not answer the first requests."""

    def __init__(self) -> None:
        self.silent = 0
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gateway.silent -= 1
                self.send_response(503 if gateway.silent >= 0 else 200)
                self.send_header("content-length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(PAGE)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/metrics"


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Yield a page that is served."""
    made = Gateway()
    thread = Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("name", "expected"), [("events_pending", 7.0), ("lane_held", 3.0)], ids=["one", "by label"]
)
def test_figure_is_the_sum_over_its_labels(gateway: Gateway, name: str, expected: float) -> None:
    """One line or several."""
    assert read_gauge(gateway.url, name) == expected


def test_gateway_that_does_not_answer_is_asked_again(gateway: Gateway) -> None:
    """A page that is not there for a moment is no zero."""
    gateway.silent = 2

    assert read_gauge(gateway.url, "events_pending") == 7.0


def test_silence_is_an_error() -> None:
    """Nothing is claimed of a gateway that nobody hears of."""
    with pytest.raises(NotReady, match="does not answer"):
        read_gauge("http://127.0.0.1:9/metrics", "events_pending", within_s=0.1)


def test_unknown_figure_is_an_error(gateway: Gateway) -> None:
    """A figure that was renamed is not nought either."""
    with pytest.raises(NotReady, match="no figure 'renamed'"):
        read_gauge(gateway.url, "renamed")
