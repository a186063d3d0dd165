"""Wiring: from a configuration to a service that is ready to start."""

import secrets
from importlib.metadata import version
from random import Random

from contracts.codec import encode
from contracts.ids import new_boot_id
from contracts.status import BoxState
from contracts.topics import Kind, box_topic
from runtime.clock import Clock
from runtime.mqtt_session import MqttSession
from runtime.outbox import Outbox
from runtime.session import Session, Will
from simulators.broker_post import BrokerPost
from simulators.config import BoxConfig, Delivery, SimulatorConfig
from simulators.gateway_post import GatewayPost
from simulators.letters import box_status
from simulators.ports import Post
from simulators.scenario import Scenario, build_scenario
from simulators.service import SimulatorService

__all__ = ["build", "scenario_of"]


def scenario_of(config: SimulatorConfig) -> Scenario:
    """Return the scenario that a configuration asks for.

    Raises:
        ScenarioError: unknown name or impossible parameters.
    """
    return build_scenario(
        config.scenario,
        config.seed,
        cadence_s=config.cadence_s,
        copies=config.copies,
        storm=config.storm,
    )


def build(
    config: SimulatorConfig,
    clock: Clock,
    *,
    sessions: dict[str, Session] | None = None,
    rng: Random | None = None,
) -> SimulatorService:
    """Return a service, opened but not connected.

    Args:
        config: what to simulate and where to publish.
        clock: dates the outbox and the last will.
        sessions: a session for each box id, instead of MQTT; for runs in one process.
        rng: draws the boot ids; by default the machine's.

    Raises:
        ScenarioError: the scenario cannot be simulated.
        RuntimeFault: an outbox or a password cannot be had.
    """
    scenario = scenario_of(config)
    rng = rng or Random(secrets.randbits(64))
    posts = [
        _post(config, box, new_boot_id(rng), clock, (sessions or {}).get(box.box))
        for box in config.boxes
    ]
    return SimulatorService(
        scenario=scenario,
        posts=posts,
        district=config.district,
        site=config.site,
        version=version("cityloop"),
        start_at=config.start_at,
        until_s=config.until_s,
        catch_up_s=config.catch_up_s,
        heartbeat_s=config.heartbeat_s,
    )


def _post(
    config: SimulatorConfig, box: BoxConfig, boot_id: str, clock: Clock, session: Session | None
) -> Post:
    if session is None:
        session = MqttSession(box.mqtt, will=_last_will(config, box.box, boot_id, clock))
    if config.delivery is Delivery.BROKER:
        return BrokerPost(
            session=session,
            district=config.district,
            site=config.site,
            box=box.box,
            boot_id=boot_id,
        )
    outbox = Outbox.open(box.outbox, box=box.box, boot_id=boot_id, clock=clock)
    return GatewayPost(outbox=outbox, session=session, district=config.district, site=config.site)


def _last_will(config: SimulatorConfig, box: str, boot_id: str, clock: Clock) -> Will:
    goodbye = box_status(
        box, boot_id, 0, clock.now(), BoxState.OFFLINE, version=version("cityloop")
    )
    return Will(box_topic(config.district, config.site, box, Kind.STATUS), encode(goodbye))
