"""In which of the system's two languages somebody is answered: as his Accept-Language asks (RFC 9110 §12.5.4)."""

from cloud_api.notices.plan import Language

__all__ = ["answer_language"]

_LONGEST = 1_000
"""What is longer is not read: a browser sends some dozens of characters."""


def answer_language(header: str | None, otherwise: Language) -> Language:
    """Return the language that a header wants most.

    Args:
        header: Accept-Language, as ``zh-CN,zh;q=0.9,en;q=0.8``; None where there is none.
        otherwise: where it names neither Chinese nor English, or says nothing that can be read.
    """
    best, chosen = 0.0, otherwise
    for part in (header or "")[:_LONGEST].split(","):
        named, _, weight = part.partition(";")
        language = named.strip().lower().partition("-")[0]
        quality = _quality(weight)
        if language in set(Language) and quality > best:
            best, chosen = quality, Language(language)
    return chosen


def _quality(weight: str) -> float:
    """Return the weight that ``q=0.8`` gives: 1 where there is none, 0 where it is none."""
    name, _, value = weight.strip().partition("=")
    if not name:
        return 1.0
    try:
        return min(float(value), 1.0) if name.strip().lower() == "q" else 0.0
    except ValueError:
        return 0.0
