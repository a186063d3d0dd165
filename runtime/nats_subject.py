"""MQTT topics as nats-server sees them: ``a/b`` is the subject ``a.b``.

Source: nats-server 2.15, server/mqtt.go, ``mqttToNATSSubjectConversion``, and tried.
"""

__all__ = ["subject_of", "topic_of"]


def subject_of(topic: str) -> str:
    """Return the subject under which nats-server knows a topic.

    A dot inside a level becomes ``//``; a level without name a single slash.

    Raises:
        ValueError: the topic holds a space, which nats-server answers by cutting the client off.
    """
    if " " in topic:
        raise ValueError(f"topic {topic!r}: nats-server takes no spaces")
    # our own topics hold neither dots nor empty levels
    if "." not in topic and "//" not in topic and topic[:1] != "/" and topic[-1:] != "/":
        return topic.replace("/", ".")
    return ".".join(level.replace(".", "//") or "/" for level in topic.split("/"))


def topic_of(subject: str) -> str:
    """Return the topic of a subject; undoes :func:`subject_of`."""
    if "/" not in subject:
        return subject.replace(".", "/")
    levels = ("" if level == "/" else level.replace("//", ".") for level in subject.split("."))
    return "/".join(levels)
