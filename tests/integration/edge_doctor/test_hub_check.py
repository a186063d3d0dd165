"""The doctor logs in at a real hub with mutual TLS, and says why it cannot."""

import json
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from edge.doctor.hub_check import check_hub
from runtime.finding import Finding, Verdict
from runtime.mqtt_session import MqttSession
from tests.contract.runtime.brokers import free_port, wait_until
from tests.integration.edge_doctor.secure_hub import SecureHub

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureHub]:
    """Yield a running hub."""
    running = SecureHub(tmp_path_factory.mktemp("hub"))
    yield running
    running.hub.stop()


def test_a_box_with_its_certificate_gets_in(house: SecureHub) -> None:
    """The finding names the login and how it is protected."""
    finding = check_hub(house.client("box-1", house.issue("box-1")))

    assert finding.verdict is Verdict.OK
    assert "lets box-1 in, with TLS and its own certificate" in finding.detail


def test_a_running_box_keeps_its_session(house: SecureHub) -> None:
    """The doctor comes under a name of its own, so the broker cuts nobody off."""
    config = house.client("box-2", house.issue("box-2"))
    session = MqttSession(config)
    session.start()
    try:
        wait_until(lambda: session.connected, "the box is connected")
        finding = check_hub(config)
        kept = session.connected and session.counters["connects"] == 1
    finally:
        session.close()

    assert finding.verdict is Verdict.OK
    assert kept


def wrong_password(house: SecureHub) -> Finding:
    """Return what becomes of a wrong password."""
    file = house.folder / "wrong"
    file.write_text("not-the-password\n")
    config = house.client("box-1", house.issue("box-1"))
    return check_hub(replace(config, password_file=str(file)))


def no_certificate(house: SecureHub) -> Finding:
    """Return what becomes of a box without a certificate."""
    return check_hub(house.client("box-1", None))


def foreign_certificate(house: SecureHub) -> Finding:
    """Return what becomes of a certificate that another authority signed."""
    return check_hub(house.client("box-1", house.issue("forged", trusted=False)))


def no_tls(house: SecureHub) -> Finding:
    """Return what becomes of a box that speaks plainly."""
    return check_hub(replace(house.client("box-1", None), tls_ca=None, connect_timeout_s=2.0))


def nobody_there(house: SecureHub) -> Finding:
    """Return what becomes of a port that nobody listens on."""
    return check_hub(replace(house.client("box-1", None), port=free_port()))


def no_such_name(house: SecureHub) -> Finding:
    """Return what becomes of a name that does not exist."""
    return check_hub(replace(house.client("box-1", None), host="hub.invalid"))


def password_missing(house: SecureHub) -> Finding:
    """Return what becomes of a box that was never enrolled."""
    return check_hub(replace(house.client("box-1", None), password_file="/nowhere/hub.password"))


@pytest.mark.parametrize(
    ("attempt", "advice"),
    [
        (wrong_password, "enrol"),
        (no_certificate, "tls_cert"),
        (foreign_certificate, "tls_c"),
        (no_tls, "tls_ca"),
        (nobody_there, "hub.port"),
        (no_such_name, "name server"),
        (password_missing, "enrol"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_every_refusal_says_what_to_do(
    house: SecureHub, attempt: Callable[[SecureHub], Finding], advice: str
) -> None:
    """One line tells what is wrong, the other one what would cure it; no password is in either."""
    finding = attempt(house)

    assert finding.verdict is Verdict.FAIL
    assert advice in finding.advice
    assert "secret-of" not in json.dumps([finding.detail, finding.advice])
