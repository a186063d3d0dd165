"""What a caller asks GeoReport for: lists, moments, and in which language."""

from datetime import UTC, datetime

from starlette.requests import Request

from cloud_api.answer_language import answer_language
from cloud_api.errors import InvalidInput
from cloud_api.notices.plan import Language

__all__ = ["language_of", "listed", "moment_of"]


def listed(text: str | None) -> tuple[str, ...]:
    """Return the values between commas."""
    return tuple(part for each in (text or "").split(",") if (part := each.strip()))


def moment_of(text: str | None, name: str) -> datetime | None:
    """Return the moment that a parameter names, in UTC where it says no zone; None where it is not given.

    Raises:
        InvalidInput: it is none.
    """
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise InvalidInput(f"{name} {text!r}: expected like 2026-06-01T00:00:00Z") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def language_of(request: Request) -> Language:
    """Return the language of Accept-Language; English, in which GeoReport is written, where it names none of ours."""
    return answer_language(request.headers.get("accept-language"), Language.EN)
