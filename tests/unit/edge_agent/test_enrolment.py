"""What enrolment writes: a login, a key, and a first configuration that trusts the right hub."""

from pathlib import Path

import httpx
import pytest

from edge.config import load_edge_config
from edge.enrolment import Enrolled, HubTrust, take_token, write_files
from edge.errors import EnrolmentFailed

ENROLLED = Enrolled(
    box="b-1", district="d-1", site="s-1", username="b-1", password="pw-of-b-1", api_key="k-1"
)


def test_a_first_configuration_names_the_certificates(tmp_path: Path) -> None:
    """Authority, certificate and key of the options are where the box will look for them."""
    path = tmp_path / "edge.yaml"
    trust = HubTrust(ca="ca.pem", cert="box.pem", key="box.key")
    written = write_files(ENROLLED, path, api="http://a", hub="hub.city:8883", trust=trust)
    hub = load_edge_config(path).hub
    assert hub is not None

    assert (hub.host, hub.port, hub.username) == ("hub.city", 8883, "b-1")
    assert (hub.tls_ca, hub.tls_cert, hub.tls_key) == ("ca.pem", "box.pem", "box.key")
    assert [file.stat().st_mode & 0o777 for file in written[:2]] == [0o600, 0o600]


@pytest.mark.parametrize(
    ("trust", "expected"),
    [
        (HubTrust(ca="a", cert="b"), "belong together"),
        (HubTrust(ca="a", key="b"), "belong together"),
        (HubTrust(cert="b", key="c"), "--hub-ca"),
    ],
    ids=["no key", "no certificate", "no authority"],
)
def test_half_a_trust_is_refused_before_the_token_is_used(trust: HubTrust, expected: str) -> None:
    """A token works once: nothing may go wrong after it was taken that could be seen before."""
    with pytest.raises(EnrolmentFailed, match=expected):
        trust.section()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (httpx.Response(410, text="used"), "answered 410: used"),
        (httpx.Response(200, text="<html>"), "is it a cityloop API"),
    ],
    ids=["used", "another server"],
)
def test_an_api_that_gives_nothing_is_told(answer: httpx.Response, expected: str) -> None:
    """The reason is the API's own."""
    transport = httpx.MockTransport(lambda _: answer)

    with pytest.raises(EnrolmentFailed, match=expected):
        take_token("http://a", "t", transport=transport)
