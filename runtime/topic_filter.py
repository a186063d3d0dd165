"""MQTT topic filters: which are legal, and which topics they match. Source: MQTT 3.1.1 §4.7."""

__all__ = ["check_filter", "check_topic", "topic_matches"]

_MAX_BYTES = 65_535
"""A topic's length is a two-byte field. Source: MQTT 3.1.1 §1.5.3."""


def check_topic(topic: str) -> str:
    """Return ``topic`` when something can be published to it.

    Raises:
        ValueError: it is empty, too long, or holds ``+``, ``#`` or a null character.
    """
    if not topic or any(sign in topic for sign in "+#\0") or len(topic.encode()) > _MAX_BYTES:
        msg = f"topic {topic[:120]!r}: expected 1 to {_MAX_BYTES} bytes without '+', '#' and NUL"
        raise ValueError(msg)
    return topic


def check_filter(topic_filter: str) -> str:
    """Return ``topic_filter`` when it can be subscribed to.

    Raises:
        ValueError: a wildcard shares its level with other characters, ``#`` is not last, it is
            empty, or it holds a null character.
    """
    levels = topic_filter.split("/")
    legal = (
        topic_filter != ""
        and "\0" not in topic_filter
        and all(level == "+" or "+" not in level for level in levels)
        and all("#" not in level for level in levels[:-1])
        and (levels[-1] == "#" or "#" not in levels[-1])
    )
    if not legal:
        msg = (
            f"topic filter {topic_filter[:120]!r}: expected '+' and '#' as whole levels, "
            "'#' only as the last one"
        )
        raise ValueError(msg)
    return topic_filter


def topic_matches(topic_filter: str, topic: str) -> bool:
    """Return whether a legal filter matches a legal topic.

    A wildcard in the first level does not match topics that begin with ``$``.
    """
    wanted = topic_filter.split("/")
    levels = topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels) or level not in {"+", levels[place]}:
            return False
    return len(wanted) == len(levels)
