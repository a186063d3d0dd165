"""The wiring of the ways in: configuration in, lanes ready to start out."""

from random import Random
from threading import Event

from msgspec.structs import replace

from contracts.topics import Kind, subscription
from gateway.config import GatewayConfig, JetStreamConfig
from gateway.intakes.intake_lanes import IntakeLanes
from gateway.intakes.session_lane import SessionLane
from gateway.ports import Lane
from runtime.session import Session

__all__ = ["build_lanes"]

_ORDINARY = (
    Kind.READINGS,
    Kind.TRACKS,
    Kind.COUNTS,
    Kind.OBSERVATIONS,
    Kind.STATUS,
    Kind.COMMAND_RESULT,
    Kind.CONFIG_REPORTED,
    Kind.CONTROL,
)
_STREAMS = ("READINGS", "TRACKS", "OBSERVATIONS")
_STREAMED = (Kind.URGENT, Kind.READINGS, Kind.TRACKS, Kind.COUNTS, Kind.OBSERVATIONS)


def _filter_district(config: GatewayConfig) -> str:
    """Return the level of the filters: never more filters than kinds.

    nats-server adds up max_ack_pending over those of a session, to 65,535 at most.
    """
    return config.districts[0] if len(config.districts) == 1 else "+"


def _mqtt_lanes(config: GatewayConfig) -> tuple[IntakeLanes, Session]:
    """Return lanes over two MQTT sessions, so that no flood stands before what is urgent."""
    from runtime.mqtt_session import MqttSession  # noqa: PLC0415 - paho, only for a real hub

    happened = Event()
    district = _filter_district(config)
    hub = config.hub
    ordinary = MqttSession(hub, happened=happened)
    # until now one session had both
    ordinary.unsubscribe(subscription(Kind.URGENT, district=district))
    urgent = MqttSession(replace(hub, client_id=f"{hub.client_id}-urgent"), happened=happened)
    green = SessionLane("urgent", urgent, (Kind.URGENT,), district=district)
    rest = SessionLane("mqtt", ordinary, _ORDINARY, district=district)
    return IntakeLanes([green], [rest], happened, ordinary=rest, green=green), ordinary


def _jetstream_lanes(
    config: GatewayConfig, jetstream: JetStreamConfig, rng: Random
) -> tuple[IntakeLanes, Session]:
    """Return a lane for each stream, and one over MQTT for what is rare or retained.

    The urgent lane has a connection and a thread of its own: on a shared one it would stand behind
    the readings that are on their way.
    """
    from gateway.intakes.nats_link import LinkLimits, NatsLink  # noqa: PLC0415 - nats-py
    from gateway.intakes.stream_lane import StreamLane  # noqa: PLC0415 - only if chosen
    from runtime.mqtt_session import MqttSession  # noqa: PLC0415 - paho, only for a real hub

    happened = Event()
    district = _filter_district(config)
    hub = config.hub
    session = MqttSession(hub, happened=happened)
    for kind in _STREAMED:
        # what a run without JetStream had asked for
        session.unsubscribe(subscription(kind, district=district))
    scheme = "nats" if hub.tls_ca is None else "tls"

    def lanes(*streams: str) -> list[StreamLane]:
        link = NatsLink(
            name=config.name,
            url=f"{scheme}://{jetstream.host or hub.host}:{jetstream.port}",
            hub=hub,
            districts=config.districts,
            limits=LinkLimits(
                max_ack_pending=jetstream.max_ack_pending,
                ack_wait_s=jetstream.ack_wait_s,
                connect_timeout_s=hub.connect_timeout_s,
            ),
            rng=rng,
        )
        made = [
            StreamLane(stream.lower(), stream, link, happened, limit=jetstream.max_ack_pending)
            for stream in streams
        ]
        for lane in made:
            link.add(lane)
        return made

    kinds = [kind for kind in _ORDINARY if kind not in _STREAMED]
    rest = SessionLane("mqtt", session, kinds, district=district)
    green: SessionLane | None = None
    if config.foreign.mappings:
        # what other systems publish is in no stream of ours
        hurried = MqttSession(replace(hub, client_id=f"{hub.client_id}-urgent"), happened=happened)
        hurried.unsubscribe(subscription(Kind.URGENT, district=district))
        green = SessionLane("foreign-urgent", hurried, (), district=district)
    urgent: list[Lane] = [*lanes("URGENT"), *([] if green is None else [green])]
    others: list[Lane] = [*lanes(*_STREAMS), rest]
    return IntakeLanes(urgent, others, happened, ordinary=rest, green=green), session


def build_lanes(
    config: GatewayConfig, session: Session | None, rng: Random
) -> tuple[IntakeLanes, Session]:
    """Return the ways in, and the session for the ways out.

    Args:
        config: the configuration.
        session: one session for both; None connects as configured.
        rng: jitter of reconnects.
    """
    if session is not None:
        kinds = (Kind.URGENT, *_ORDINARY)
        lane = SessionLane("hub", session, kinds, district=_filter_district(config))
        return IntakeLanes([], [lane], session.wait, ordinary=lane), session
    if config.jetstream is not None:
        return _jetstream_lanes(config, config.jetstream, rng)
    return _mqtt_lanes(config)
