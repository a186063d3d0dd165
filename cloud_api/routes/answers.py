"""What OpenAPI says about problems, and how bodies and versions are read from requests."""

from typing import Any

from starlette.requests import Request

from cloud_api.errors import (
    InvalidInput,
    Problem,
    RateLimited,
    StoreUnavailable,
    Unauthenticated,
    UnsupportedMedia,
)
from cloud_api.problems import MEDIA_TYPE, problem_type

__all__ = ["documented", "if_match", "json_body", "storable"]


def documented(*problems: type[Problem]) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's ``responses`` for the problems that a route answers with."""
    found: dict[int | str, dict[str, Any]] = {}
    if Unauthenticated in problems:  # who is asked for his key can be told that he asks too often
        problems = tuple(dict.fromkeys((*problems, RateLimited, StoreUnavailable)))
    for problem in problems:
        example = {
            "type": problem_type(problem.slug),
            "title": problem.title,
            "status": problem.status,
            "detail": "what happened, to which object, what was expected, what to do",
        }
        known = found.setdefault(
            problem.status, {"description": "", "content": {MEDIA_TYPE: {"examples": {}}}}
        )
        known["description"] = f"{known['description']} {problem.title}.".strip()
        known["content"][MEDIA_TYPE]["examples"][problem.slug] = {"value": example}
        known["content"][MEDIA_TYPE]["schema"] = {
            "type": "object",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "instance": {"type": "string"},
            },
        }
    return found


def if_match(request: Request) -> int | None:
    """Return the version in an If-Match header; None where there is none or it is ``*``.

    Raises:
        InvalidInput: the header is no version of a case.
    """
    header = request.headers.get("if-match")
    if header is None or header.strip() == "*":
        return None
    text = header.strip().removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 9:
        raise InvalidInput(f'If-Match {header[:40]!r}: expected a version, like "7"')
    return int(text)


async def json_body(request: Request) -> bytes:
    """Return a request's body, which is JSON and not compressed.

    Raises:
        UnsupportedMedia: it has a content coding, or says that it is something else.
    """
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        raise UnsupportedMedia(f"Content-Encoding {coding!r}: expected an uncompressed body")
    media_type = request.headers.get("content-type", "application/json").split(";")[0].strip()
    if media_type not in {"application/json", ""}:
        raise UnsupportedMedia(f"Content-Type {media_type[:80]!r}: expected application/json")
    return await request.body()


def storable(text: str | None) -> str | None:
    """Return a text that a database can compare.

    Raises:
        InvalidInput: it holds U+0000, which PostgreSQL refuses.
    """
    if text is not None and "\x00" in text:
        raise InvalidInput("a parameter holds the character U+0000; remove it")
    return text
