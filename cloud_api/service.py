"""The running service: the loops of projector and ticker, and the web server around the application."""

import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

import structlog
import uvicorn
from starlette.types import ASGIApp

from cloud_api.config import ApiConfig
from cloud_api.metrics import Metrics
from cloud_api.projector import Projector
from cloud_api.ticker import Ticker
from runtime.clock import Clock
from runtime.errors import Transient

__all__ = ["ProjectorLoop", "TickerLoop", "serve"]

_log = structlog.get_logger()
_GATHER_S = 0.005
"""Least real seconds between two small steps, so that a flood of posts is not a flood of commits."""

_COURTEOUS_BATCH = 50
"""Entries of a step while posts come in: it holds SQLite's write lock for some ten milliseconds."""

_COURTESY = 4.0
"""Rest after such a step, in lengths of the step."""

_TIDY_S = 2.0
"""Least real seconds between checkpoints of SQLite's write-ahead log."""

_LONGEST_PAUSE_S = 10.0
_STOPPING = (signal.SIGTERM, signal.SIGINT)


class ProjectorLoop:
    """A thread that steps the projector: at once after a full batch or a commit, else now and then.

    Args:
        projector: what is stepped.
        clock: the moment of each step.
        metrics: where steps and failures are counted.
        interval_s: real seconds between looks that nobody asked for.
        batch: log entries of a full step.
        busy: whether many posts are being stored just now: then steps are short and leave most of the time.
        posting: whether posts come in at all: then steps are short and leave half of the time.
        projected: called after each step that did something, in this thread.
    """

    def __init__(
        self,
        projector: Projector,
        clock: Clock,
        metrics: Metrics,
        *,
        interval_s: float,
        batch: int,
        busy: Callable[[], bool],
        posting: Callable[[], bool],
        projected: Callable[[], None],
    ) -> None:
        self._busy = busy
        self._posting = posting
        self._projector = projector
        self._clock = clock
        self._metrics = metrics
        self._interval_s = interval_s
        self._batch = batch
        self._projected = projected
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="projector", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def nudge(self) -> None:
        """Say that the log has grown; any thread may."""
        self._due.set()

    def stop(self, timeout_s: float) -> None:
        """Finish the present step and end; waits up to ``timeout_s`` seconds."""
        self._stopping.set()
        self._due.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        pause_s = self._interval_s
        tidied_s = time.monotonic()
        while not self._stopping.is_set():
            self._due.clear()
            begun_s = time.monotonic()
            busy = self._busy()
            short = busy or self._posting()
            batch = min(self._batch, _COURTEOUS_BATCH) if short else self._batch
            try:
                done = self._projector.step(self._clock.now(), batch)
                if done and begun_s - tidied_s > _TIDY_S:
                    self._projector.tidy()
                    tidied_s = time.monotonic()
            except Exception as error:  # noqa: BLE001 - the loop of a service: logged, counted, goes on
                self._metrics.projector_failures.inc()
                transient = isinstance(error, Transient)
                _log.error("projector_step_failed", transient=transient, exc_info=not transient)
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
                self._stopping.wait(pause_s)
                continue
            pause_s = self._interval_s
            self._metrics.projected.inc(done)
            if done:
                self._projected()
            if busy and done == batch:
                # Interpreter and write lock are shared with the intake, and an answer cannot wait:
                # a case may come a moment later. Steps keep a fifth of the time, whatever the flood.
                self._stopping.wait(_COURTESY * (time.monotonic() - begun_s))
            elif short and done == batch:
                self._stopping.wait(time.monotonic() - begun_s)
            elif done < batch:
                # What comes in meanwhile is projected together: one commit instead of many.
                # A step holds the store's write lock, so posts get at least as much of it as steps.
                self._stopping.wait(max(_GATHER_S, time.monotonic() - begun_s))
                self._due.wait(self._interval_s)


class TickerLoop:
    """A thread that lets deadlines come due.

    Args:
        ticker: what is stepped.
        clock: the moment of each step.
        metrics: where notices and failures are counted.
        interval_s: real seconds between looks.
        busy: whether posts are being stored just now: then steps are short and leave most of the time.
        ticked: called after each step that did something, in this thread.
    """

    def __init__(
        self,
        ticker: Ticker,
        clock: Clock,
        metrics: Metrics,
        *,
        interval_s: float,
        busy: Callable[[], bool],
        ticked: Callable[[], None],
    ) -> None:
        self._busy = busy
        self._ticker = ticker
        self._clock = clock
        self._metrics = metrics
        self._interval_s = interval_s
        self._ticked = ticked
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ticker", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Finish the present step and end; waits up to ``timeout_s`` seconds."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        pause_s = self._interval_s
        while not self._stopping.wait(pause_s):
            pause_s = self._interval_s
            begun_s = time.monotonic()
            busy = self._busy()
            try:
                notices = self._ticker.step(self._clock.now(), _COURTEOUS_BATCH if busy else None)
            except Exception as error:  # noqa: BLE001 - the loop of a service: logged, counted, goes on
                self._metrics.ticker_failures.inc()
                transient = isinstance(error, Transient)
                _log.error("ticker_step_failed", transient=transient, exc_info=not transient)
                pause_s = min(_LONGEST_PAUSE_S, pause_s * 2)
                continue
            for notice in notices:
                self._metrics.deadline_notices.labels(notice.notice).inc()
            if notices:
                self._ticked()
                # There may be more than one batch. A flood of deadlines (after hours away, or on a
                # clock that runs ahead) keeps no post waiting, as little as a flood of events does.
                pause_s = _COURTESY * (time.monotonic() - begun_s) if busy else 0.0


def serve(app: ASGIApp, config: ApiConfig) -> None:
    """Serve until SIGTERM or SIGINT; running requests are finished, streams are ended.

    Raises:
        OSError: the address is in use or not this machine's.
    """
    listener = socket.create_server(
        (config.host, config.port),
        family=socket.AF_INET6 if ":" in config.host else socket.AF_INET,
        backlog=2048,
    )
    host, port = listener.getsockname()[:2]
    _log.info("api_listening", host=host, port=port, docs=f"http://{host}:{port}/docs")
    settings = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=max(1, round(config.stop_timeout_s)),
    )
    # uvicorn stops on these two, then raises them again: with handlers of our own that ends nothing,
    # so the process goes on to close the database and leaves with status 0.
    previous = {number: signal.signal(number, _stopped_already) for number in _STOPPING}
    try:
        uvicorn.Server(settings).run(sockets=[listener])
    finally:
        listener.close()
        for number, handler in previous.items():
            signal.signal(number, handler)
    _log.info("api_stopped")


def _stopped_already(_number: int, _frame: FrameType | None) -> None:
    """Let a signal pass that the server has acted on."""
