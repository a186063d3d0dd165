"""Encryption at a real hub: who is trusted, who must show a certificate, and who gets in."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import trustme
from msgspec.structs import replace

from cityloop.hub.config import HubConfig, HubTls
from cityloop.hub.supervisor import Hub
from gateway.config import GatewayConfig, JetStreamConfig
from gateway.intakes.bootstrap import build_lanes
from gateway.intakes.intake_lanes import IntakeLanes
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.session import Inbound
from tests.contract.runtime.brokers import wait_until
from tests.integration.hub.hubs import ROOT, hub_config, password_file, take

pytestmark = pytest.mark.slow


class Papers:
    """A throw-away authority, and what it signed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self._authority = trustme.CA()
        self.authority = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.authority))

    def issue(self, name: str) -> tuple[str, str]:
        """Return the files of a new certificate for this machine and its key."""
        issued = self._authority.issue_cert("127.0.0.1", "localhost", common_name=name)
        cert, key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        cert.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        issued.private_key_pem.write_to_path(str(key))
        return str(cert), str(key)


class House:
    """A running hub with encryption, its authority, and the sessions that a test opens."""

    def __init__(self, folder: Path, *, mutual: bool) -> None:
        self.folder = folder
        self.papers = Papers(folder / "papers")
        cert, key = self.papers.issue("hub")
        authority = str(self.papers.authority) if mutual else None
        self.config: HubConfig = replace(
            hub_config(folder), tls=HubTls(cert=cert, key=key, ca=authority)
        )
        self.hub = Hub(self.config)
        self.hub.start()
        self.sessions: list[MqttSession] = []

    def session(
        self, user: str, *filters: str, trust: Path | None, papers: tuple[str, str] | None = None
    ) -> MqttSession:
        """Return a started session that trusts an authority (None: speaks plainly)."""
        session = MqttSession(self.login(user, trust, papers))
        self.sessions.append(session)
        for topic_filter in filters:
            session.subscribe(topic_filter)
        session.start()
        return session

    def login(self, user: str, trust: Path | None, papers: tuple[str, str] | None) -> MqttConfig:
        """Return how a user logs in."""
        cert, key = papers or (None, None)
        return MqttConfig(
            port=self.config.mqtt.port,
            client_id=f"{user}-{len(self.sessions)}",
            username=user,
            password_file=password_file(self.folder, user),
            tls_ca=None if trust is None else str(trust),
            tls_cert=cert,
            tls_key=key,
            connect_timeout_s=2.0,
            reconnect_cap_s=0.1,
        )

    def lanes(self, name: str, trust: Path, papers: tuple[str, str] | None) -> IntakeLanes:
        """Return a gateway's lanes over JetStream, not started."""
        config = GatewayConfig(
            name=name,
            state_dir="unused",
            districts=("minhang",),
            hub=replace(self.login("gateway", trust, papers), client_id=name),
            jetstream=JetStreamConfig(port=self.config.client.port),
        )
        return build_lanes(config, None, Random(1))[0]


@pytest.fixture(scope="module", params=[False, True], ids=["TLS", "mTLS"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """Yield a hub with encryption, and one that also asks its clients for certificates."""
    running = House(tmp_path_factory.mktemp("house"), mutual=request.param)
    yield running
    for session in running.sessions:
        session.close()
    running.hub.stop()


def papers_of(house: House, name: str) -> tuple[str, str] | None:
    """Return a client's certificate where the hub asks for one."""
    tls = house.config.tls
    assert tls is not None
    return None if tls.ca is None else house.papers.issue(name)


def test_the_hub_makes_its_streams_over_tls(house: House) -> None:
    """Its own administrator speaks encrypted too, so a hub with TLS comes up whole."""
    assert house.hub.health().streams >= 5


def test_a_box_reaches_the_gateway_encrypted(house: House) -> None:
    """Who trusts the authority, and shows a certificate where one is asked for, is heard."""
    trust = house.papers.authority
    gateway = house.session("gateway", "city/#", trust=trust, papers=papers_of(house, "gateway"))
    box = house.session("box-1", trust=trust, papers=papers_of(house, "box-1"))
    wait_until(lambda: box.connected and gateway.connected, "both are connected")

    wait_until(lambda: box.publish(f"{ROOT}/box-1/readings", b"encrypted"), "published")

    assert [message.payload for message in take(gateway, 1)] == [b"encrypted"]


def test_the_gateway_reads_streams_encrypted(house: House) -> None:
    """Over JetStream too: what a box sent by MQTT is read, and let go of, on encrypted connections."""
    trust = house.papers.authority
    lanes = house.lanes("reader", trust, papers_of(house, "reader"))
    box = house.session("box-2", trust=trust, papers=papers_of(house, "box-2"))
    got: list[Inbound] = []

    def all_there() -> bool:
        lanes.wait(0.02)
        got.extend(lanes.receive(100))
        lanes.settle()
        return len(got) >= 20

    lanes.start()
    try:
        wait_until(lambda: lanes.in_force and box.connected, "box and lanes are connected")
        for number in range(10):
            for kind in ("readings", "urgent"):
                topic, payload = f"{ROOT}/box-2/{kind}", b"%d" % number
                wait_until(lambda: box.publish(topic, payload), "published")  # noqa: B023 - at once
        wait_until(all_there, "all messages arrive")
        wait_until(lambda: lanes.held == 0, "all are let go of")
    finally:
        lanes.close()

    for kind in ("readings", "urgent"):
        of_kind = [each.payload for each in got if each.topic == f"{ROOT}/box-2/{kind}"]
        assert of_kind == [b"%d" % number for number in range(10)]


@pytest.mark.parametrize("fault", ["another authority", "no certificate"])
def test_streams_are_not_read_by_a_stranger_nor_from_one(
    house: House, tmp_path: Path, fault: str
) -> None:
    """The native listener is held to the same: no lane is in force where one does not trust the other."""
    tls = house.config.tls
    assert tls is not None
    if fault == "no certificate" and tls.ca is None:
        pytest.skip("without mutual TLS nobody is asked for a certificate")
    trust = house.papers.authority
    if fault == "another authority":
        trust = Papers(tmp_path / "stranger").authority
    papers = None if fault == "no certificate" else papers_of(house, "lost")
    lost = house.lanes("lost", trust, papers)
    other = house.lanes("other", house.papers.authority, papers_of(house, "other"))
    lost.start()
    other.start()
    try:
        wait_until(lambda: other.in_force, "somebody else reads the streams meanwhile")
        in_force = [lane.name for lane in lost.lanes if lane.in_force]
    finally:
        lost.close()
        other.close()

    assert in_force == []


def test_nobody_speaks_plainly(house: House) -> None:
    """Without TLS there is no way in."""
    plain = house.session("box-1", trust=None)
    other = house.session("box-2", trust=house.papers.authority, papers=papers_of(house, "box-2"))
    wait_until(lambda: other.connected, "somebody else gets in meanwhile")

    assert plain.counters["connects"] == 0


def test_a_hub_of_another_authority_is_not_believed(house: House, tmp_path: Path) -> None:
    """A box does not send its password to whoever answers."""
    stranger = Papers(tmp_path / "stranger")
    box = house.session("box-1", trust=stranger.authority, papers=papers_of(house, "deceived"))
    other = house.session("box-2", trust=house.papers.authority, papers=papers_of(house, "fine"))
    wait_until(lambda: other.connected, "somebody else gets in meanwhile")

    assert box.counters["connects"] == 0


@pytest.mark.parametrize("shown", ["nothing", "another authority's"])
def test_without_a_good_certificate_a_password_is_not_enough(
    tmp_path_factory: pytest.TempPathFactory, shown: str
) -> None:
    """Where the hub asks for certificates, the right password alone opens nothing."""
    folder = tmp_path_factory.mktemp("strict")
    house = House(folder, mutual=True)
    papers = None if shown == "nothing" else Papers(folder / "stranger").issue("forged")
    box = house.session("box-1", trust=house.papers.authority, papers=papers)
    other = house.session("box-2", trust=house.papers.authority, papers=house.papers.issue("ok"))
    wait_until(lambda: other.connected, "somebody else gets in meanwhile")
    entered = box.counters["connects"]
    for session in house.sessions:
        session.close()
    house.hub.stop()

    assert entered == 0


def test_the_server_speaks_modern_tls_only(house: House) -> None:
    """TLS 1.2 at the least."""
    context = ssl.create_default_context(cafile=str(house.papers.authority))
    papers = papers_of(house, "probe")
    if papers is not None:
        context.load_cert_chain(*papers)
    with (
        socket.create_connection(("127.0.0.1", house.config.mqtt.port), timeout=5.0) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as encrypted,
    ):
        assert encrypted.version() in {"TLSv1.2", "TLSv1.3"}
