"""Topics: built, parsed, filtered, refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import IdError, TopicError
from contracts.topics import (
    BoxTopic,
    DistrictTopic,
    Kind,
    box_topic,
    district_topic,
    parse_topic,
    subscription,
)
from tests.strategies import box_kinds, district_kinds, ids


def matches(topic_filter: str, topic: str) -> bool:
    """Return whether a filter with single-level wildcards only matches a topic (MQTT 3.1.1 §4.7)."""
    wanted, given_levels = topic_filter.split("/"), topic.split("/")
    return len(wanted) == len(given_levels) and all(
        level in ("+", there) for level, there in zip(wanted, given_levels, strict=True)
    )


@given(ids, ids, ids, box_kinds)
def test_box_topic_round_trip(district: str, site: str, box: str, kind: Kind) -> None:
    """What is built parses to what it was built from."""
    topic = box_topic(district, site, box, kind)

    assert BoxTopic(district, site, box, kind) == parse_topic(topic)


@given(ids, district_kinds)
def test_district_topic_round_trip(district: str, kind: Kind) -> None:
    """What is built parses to what it was built from."""
    assert DistrictTopic(district, kind) == parse_topic(district_topic(district, kind))


@given(ids, ids, ids, box_kinds, box_kinds)
def test_a_filter_matches_its_own_kind_only(
    district: str, site: str, box: str, kind: Kind, other: Kind
) -> None:
    """The filter of one kind matches all topics of that kind and none of another."""
    topic = box_topic(district, site, box, kind)

    assert matches(subscription(kind), topic)
    assert matches(subscription(kind, district, site, box), topic)
    assert (kind is other) == matches(subscription(other), topic)


@given(st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    """Whatever a broker hands over is a topic of ours or one TopicError, never another exception."""
    try:
        parsed = parse_topic(text)
    except TopicError:
        return

    if isinstance(parsed, BoxTopic):
        assert text == box_topic(*parsed)
    else:
        assert text == district_topic(*parsed)


@pytest.mark.parametrize(
    "topic",
    [
        pytest.param("", id="empty"),
        pytest.param("city/v1", id="prefix alone"),
        pytest.param("city/v2/d/s/b/readings", id="other version"),
        pytest.param("city/v1/d/s/b", id="no kind"),
        pytest.param("city/v1/d/s/b/smoke", id="unknown kind"),
        pytest.param("city/v1/d/s/b/readings/more", id="too deep"),
        pytest.param("city/v1/d/s/b/config", id="half a kind"),
        pytest.param("city/v1/d/s/B/readings", id="capital letter"),
        pytest.param("city/v1/d/s/b 1/readings", id="space"),
        pytest.param("city/v1/d/s/b.1/readings", id="dot"),
        pytest.param("city/v1/d/s/b\n/readings", id="newline"),
        pytest.param("city/v1/d//b/readings", id="empty level"),
        pytest.param("city/v1/d/s/+/readings", id="wildcard"),
        pytest.param("city/v1/d/s/b/events", id="district kind below a box"),
        pytest.param("city/v1/d/readings", id="box kind below a district"),
        pytest.param("/city/v1/d/s/b/readings", id="leading slash"),
    ],
)
def test_foreign_topics_are_refused(topic: str) -> None:
    """Each malformed topic is one TopicError."""
    with pytest.raises(TopicError, match="topic "):
        parse_topic(topic)


@pytest.mark.parametrize("kind", [Kind.EVENTS, Kind.CONTROL])
def test_a_district_kind_is_not_a_boxs(kind: Kind) -> None:
    """Events and control have no place below a box."""
    with pytest.raises(TopicError, match="is not a box's"):
        box_topic("d", "s", "b", kind)


def test_a_box_kind_is_not_a_districts() -> None:
    """Readings have no place directly below a district."""
    with pytest.raises(TopicError, match="expected events or control"):
        district_topic("d", Kind.READINGS)


@pytest.mark.parametrize("level", ["", "A", "a b", "a/b", "a+", "#", "a" * 65, "a\n", "水位"])
def test_illegal_levels_are_refused(level: str) -> None:
    """A level that would break a topic never gets into one."""
    with pytest.raises(IdError, match="expected 1 to 64 characters"):
        box_topic("d", "s", level, Kind.READINGS)
