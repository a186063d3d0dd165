"""The Flux adapter without its server, which is not to be had: queries at the compiler, answers as written down.

Source of the answers' form: InfluxDB 2 "Annotated CSV". What a real server says stays untested.
"""

import json
import os
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from threading import Thread

import pytest

from gateway.errors import TelemetryError
from gateway.ports import Bucket, Point
from gateway.telemetry.flux import FluxTelemetry, metrics_query, read_query, summary_query

_HEAD = (
    "#datatype,string,long,{types}\r\n#group,false,false,{group}\r\n#default,_result,,{commas}\r\n"
)
_VALUES = _HEAD.format(types="dateTime:RFC3339,double", group="false,false", commas=",") + (
    ",result,table,_time,_value\r\n"
    ",,0,2026-07-01T08:00:00Z,0.25\r\n"
    ",,0,2026-07-01T08:00:10.5Z,-1\r\n\r\n"
)
_STEPS = _HEAD.format(
    types="dateTime:RFC3339,double,string", group="false,false,true", commas=",,"
) + (
    ",result,table,_time,_value,what\r\n"
    ",,0,2026-07-01T08:01:00Z,2,count\r\n"
    ",,1,2026-07-01T08:00:00Z,1,min\r\n,,1,2026-07-01T08:01:00Z,3,min\r\n"
    ",,2,2026-07-01T08:00:00Z,5,max\r\n,,2,2026-07-01T08:01:00Z,4,max\r\n"
    ",,3,2026-07-01T08:00:00Z,6,sum\r\n,,3,2026-07-01T08:01:00Z,7,sum\r\n"
    ",,4,2026-07-01T08:00:00Z,2,count\r\n\r\n"
)
_NAMES = _HEAD.format(types="string", group="false", commas="") + (
    ",result,table,_value\r\n,,0,depth_m\r\n,,0,battery_v\r\n\r\n"
)
_EIGHT_US = 1_782_892_800_000_000
"""2026-07-01 08:00 UTC."""


class Influx:
    """A server that answers every query with the same bytes, and keeps what it was asked."""

    def __init__(self) -> None:
        self.status, self.answer = 200, ""
        self.asked: list[tuple[str, dict[str, object]]] = []
        influx = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                influx.asked.append((f"{self.path} {self.headers['authorization']}", body))
                answer = influx.answer.encode()
                self.send_response(influx.status)
                self.send_header("content-type", "text/csv; charset=utf-8")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever)
        self._thread.start()
        url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.store = FluxTelemetry(url=url, token="t", org="city", bucket="b")

    def close(self) -> None:
        """Stop the server."""
        self.store.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def influx() -> Iterator[Influx]:
    """Yield a server."""
    server = Influx()
    yield server
    server.close()


def test_values_are_read_from_the_answer(influx: Influx) -> None:
    """Times to the microsecond, in the order of the answer; the query goes to the organisation."""
    influx.answer = _VALUES
    span = {"from_us": _EIGHT_US, "to_us": _EIGHT_US + 60_000_000}
    found = influx.store.read("w-1", "depth_m", **span)
    ((how, body),) = influx.asked

    assert found == [
        Point("w-1", "depth_m", _EIGHT_US, 0.25),
        Point("w-1", "depth_m", _EIGHT_US + 10_500_000, -1.0),
    ]
    assert how == "/api/v2/query?org=city Token t"
    assert body["query"] == read_query("b", "w-1", "depth_m", limit=100_000, **span)


def test_four_tables_become_one_row_of_each_step(influx: Influx) -> None:
    """Whatever their order, a step has its own figures."""
    influx.answer = _STEPS
    found = influx.store.summarise(
        "w-1", "depth_m", from_us=_EIGHT_US, to_us=_EIGHT_US + 120_000_000, step_s=60
    )

    assert found == [
        Bucket(_EIGHT_US, 2, 1.0, 5.0, 6.0),
        Bucket(_EIGHT_US + 60_000_000, 2, 3.0, 4.0, 7.0),
    ]


def test_names_of_metrics_are_sorted(influx: Influx) -> None:
    """One column of names."""
    influx.answer = _NAMES

    assert influx.store.metrics("w-1") == ["battery_v", "depth_m"]


def test_refusal_is_a_telemetry_error(influx: Influx) -> None:
    """A wrong token is told with what to check."""
    influx.status, influx.answer = 401, '{"code":"unauthorized","message":"unauthorized access"}'
    with pytest.raises(TelemetryError, match="check the server and the token"):
        influx.store.metrics("w-1")


_CHECK = """
const {is_valid_flux} = require(process.argv[1]);
const queries = JSON.parse(require('fs').readFileSync(0));
console.log(JSON.stringify(queries.map((query) => is_valid_flux(query))));
"""


@pytest.mark.slow
def test_queries_pass_the_flux_compiler() -> None:
    """InfluxData's own front end of Flux, types and library included, has nothing against them."""
    package = os.environ.get("CITYLOOP_FLUX_LSP")
    if package is None or which("node") is None:
        pytest.skip(
            "set CITYLOOP_FLUX_LSP to the folder of npm's @influxdata/flux-lsp-node, and install node"
        )
    hostile = 'x" or true or r.a == "${1+1}\\'
    span = {"from_us": _EIGHT_US, "to_us": _EIGHT_US + 90_000_001}
    queries = [
        *(read_query("b", name, name, limit=7, **span) for name in ("w-1", hostile)),
        *(summary_query("b", name, name, step_s=60, **span) for name in ("w-1", hostile)),
        *(metrics_query("b", name) for name in ("w-1", hostile)),
        'from(bucket: "b") |> limit(n: "x")',
    ]
    result = subprocess.run(
        ["node", "-e", _CHECK, str(Path(package).resolve())],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert json.loads(result.stdout) == [True] * 6 + [False]
