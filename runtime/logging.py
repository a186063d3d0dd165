"""Logs: facts with fields, as JSON lines where machines read them, in colour where people do.

An event name is a snake_case fact (``frame_dropped``); everything else is a field. Passwords in
URLs and fields that are named like secrets are blotted out.
"""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import structlog

__all__ = ["configure_logging", "redact"]

_LEVELS = ("debug", "info", "warning", "error")
_SECRET_NAME = re.compile(r"passw|secret|token|api_?key|authorization|credential", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(?P<before>[a-z][a-z0-9+.-]*://[^/\s:@]*:)[^/\s@]+@", re.IGNORECASE)
_BLOT = "***"


def redact(_logger: object, _method: str, fields: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Return log fields with secrets blotted out; a structlog processor.

    A field whose name speaks of a secret loses its value, text loses the password of any URL.
    """
    return {name: _clean(name, value) for name, value in fields.items()}


def _clean(name: str, value: object) -> object:
    if _SECRET_NAME.search(name) and not isinstance(value, bool | int | float):
        return _BLOT
    if isinstance(value, str):
        return _URL_PASSWORD.sub(rf"\g<before>{_BLOT}@", value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_clean("", inner) for inner in value]
    return value


def configure_logging(
    service: str,
    level: str = "info",
    more: Sequence[structlog.typing.Processor] = (),
    *,
    to_stderr: bool = False,
) -> None:
    """Send every log line to stdout, with time, level and ``service``.

    JSON unless it is a terminal. Libraries that log in the standard way join in, from
    ``warning`` on.

    Args:
        service: who logs.
        level: least level that is logged.
        more: processors of the service's own, run before secrets are blotted out.
        to_stderr: True for commands whose stdout is their result.

    Raises:
        ValueError: ``level`` is none of debug, info, warning, error.
    """
    if level not in _LEVELS:
        msg = f"log level {level!r}: expected one of {', '.join(_LEVELS)}"
        raise ValueError(msg)
    sink = sys.stderr if to_stderr else sys.stdout
    terminal = sink.isatty()

    def name_service(
        _logger: object, _method: str, fields: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        # a context variable would not reach the threads that libraries start
        fields["service"] = service
        return fields

    # local variables are left out of tracebacks: they hold passwords and pictures
    traceback = structlog.processors.ExceptionRenderer(
        structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_service,
    ]
    # a terminal gets its tracebacks from the console renderer itself
    last: list[structlog.typing.Processor] = (
        [
            *more,
            redact,
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),
        ]
        if terminal
        else [traceback, *more, redact, structlog.processors.JSONRenderer(ensure_ascii=False)]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sink),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sink)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
