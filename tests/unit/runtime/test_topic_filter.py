"""Topic filters, as MQTT 3.1.1 defines them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.topic_filter import check_filter, check_topic, topic_matches

_level = st.text("ab", max_size=2)
_topics = st.lists(_level, min_size=1, max_size=4).map("/".join).filter(bool)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("sport/+", "sport/tennis", True),
        ("sport/+", "sport", False),
        ("sport/+", "sport/tennis/player", False),
        ("sport/#", "sport", True),
        ("sport/#", "sport/tennis/player", True),
        ("#", "sport", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("+/+", "/finance", True),
        ("+", "/finance", False),
        ("a", "b", False),
        ("a/b", "a", False),
    ],
)
def test_the_standards_examples(topic_filter: str, topic: str, expected: bool) -> None:
    """The examples of MQTT 3.1.1 section 4.7 hold."""
    assert expected == topic_matches(topic_filter, topic)


@given(_topics)
def test_a_topic_matches_itself_and_everything(topic: str) -> None:
    """Every topic that can be published matches itself, ``#`` and its own length of ``+``."""
    plus = "/".join("+" for _ in topic.split("/"))

    assert topic_matches(check_topic(topic), topic)
    assert topic_matches("#", topic)
    assert topic_matches(plus, topic)
    assert not topic_matches(f"{plus}/+", topic)


@pytest.mark.parametrize("topic", ["", "a/+", "a/#", "a\0b", "x" * 65_536])
def test_an_impossible_topic_is_refused(topic: str) -> None:
    """Nobody can publish to a wildcard or to nothing."""
    with pytest.raises(ValueError, match="without"):
        check_topic(topic)


@pytest.mark.parametrize("topic_filter", ["+", "#", "a/+/b", "a/#", "/"])
def test_a_legal_filter_passes(topic_filter: str) -> None:
    """Wildcards as whole levels are fine."""
    assert check_filter(topic_filter) == topic_filter
