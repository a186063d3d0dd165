"""What JetStream says about a message, and how topics and subjects name each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.intakes.delivery import Delivery, parse_delivery
from runtime.nats_subject import subject_of, topic_of


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param("$JS.ACK.READINGS.gw-a.1.42.7.1700000000000000000.3", id="plain"),
        pytest.param("$JS.ACK.hub.A1.READINGS.gw-a.1.42.7.1700000000000000000.3", id="domain"),
        pytest.param("$JS.ACK.hub.A1.READINGS.gw-a.1.42.7.1700000000000000000.3.x", id="token"),
    ],
)
def test_a_delivery_is_read_from_its_acknowledgement(reply: str) -> None:
    """Both forms of the subject give stream and consumer number, moment and what waits."""
    assert Delivery(42, 7, 1_700_000_000_000_000_000, 3) == parse_delivery(reply)


@pytest.mark.parametrize("reply", ["", "_INBOX.x", "$JS.ACK.READINGS", "$JS.FC.a.b.c.d.e.f.g"])
def test_another_reply_subject_is_refused(reply: str) -> None:
    """What is no acknowledgement is told with the subject."""
    with pytest.raises(ValueError, match="reply subject"):
        parse_delivery(reply)


@pytest.mark.parametrize(
    ("topic", "subject"),
    [
        pytest.param("city/v1/d/s/b/readings", "city.v1.d.s.b.readings", id="ours"),
        pytest.param("city/edge/cam.01/det", "city.edge.cam//01.det", id="a dot"),
        pytest.param("a//b", "a./.b", id="a level without name"),
        pytest.param("/a", "/.a", id="a slash first"),
        pytest.param("a/", "a./", id="a slash last"),
    ],
)
def test_a_topic_and_its_subject(topic: str, subject: str) -> None:
    """Each names the other. Source: tried on nats-server 2.15.1."""
    assert (subject, topic) == (subject_of(topic), topic_of(subject))


@given(st.lists(st.text("ab.", max_size=4), min_size=1, max_size=5).map("/".join))
def test_every_topic_survives_the_way_there_and_back(topic: str) -> None:
    """Whatever dots and empty levels it has."""
    if topic:
        assert topic == topic_of(subject_of(topic))


def test_a_space_is_refused() -> None:
    """nats-server cuts a client off that publishes such a topic."""
    with pytest.raises(ValueError, match="spaces"):
        subject_of("a b")
