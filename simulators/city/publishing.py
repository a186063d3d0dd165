"""A city on anybody's broker: its boxes speak in the time of a scaled clock."""

import time
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from contracts.ids import new_boot_id
from runtime.mqtt_session import MqttConfig, MqttSession
from runtime.process import StopFlag
from simulators.broker_post import BrokerPost
from simulators.city.box_fleet import BoxFleet
from simulators.city.city import City
from simulators.city.repeating_session import RepeatingSession
from simulators.city.sample_flow import SampleFlow
from simulators.ports import Post

__all__ = ["Published", "publish_city"]

_TURN_S = 0.05
"""Longest real time between two looks at the clock."""


class Published(Struct, frozen=True, kw_only=True):
    """What a run brought to the broker."""

    samples: int
    """Moments at which a sensor measured."""
    enqueued: int
    """Messages."""
    undelivered: int
    """Messages that the broker was not handed."""
    elapsed_s: float
    """Seconds of the scenario."""


def publish_city(
    city: City,
    mqtt: MqttConfig,
    stop: StopFlag,
    *,
    speed: float = 1.0,
    for_s: float | None = None,
    drain_s: float = 15.0,
) -> Published:
    """Publish a scenario to a broker until its end, ``for_s`` real seconds, or a signal.

    Readings are dated as if the scenario began now: its clock starts at the present and runs
    ``speed`` times as fast, so that a gateway on the same scaled clock finds them fresh.

    Args:
        city: the scenario.
        mqtt: the broker; every box connects as ``{client_id}-{box}`` with the same credentials.
        stop: set by signals.
        speed: seconds of the scenario per real second.
        for_s: real seconds to run; None: to the scenario's end.
        drain_s: most real seconds to wait at the end for what is under way.

    Raises:
        RuntimeFault: a session cannot be set up.
    """
    origin = datetime.now(UTC)
    city = _starting(city, origin)
    flow = SampleFlow(city, city.lasts_s)
    posts: list[BrokerPost] = []
    rng = Random(city.seed)

    def open_post(box: str, boot: int) -> tuple[Post, RepeatingSession]:
        session = RepeatingSession(
            MqttSession(replace(mqtt, client_id=f"{mqtt.client_id}-{box}-{boot}"))
        )
        post = BrokerPost(
            session=session,
            district=city.map.district,
            site=city.map.site,
            box=box,
            boot_id=new_boot_id(rng),
        )
        posts.append(post)
        return post, session

    fleet = BoxFleet(city, flow, open_post, version("cityloop"))
    begun_s = time.monotonic()
    elapsed_s = 0.0
    try:
        while not stop and elapsed_s < city.lasts_s:
            real_s = time.monotonic() - begun_s
            if for_s is not None and real_s >= for_s:
                break
            elapsed_s = min(real_s * speed, city.lasts_s)
            fleet.step(elapsed_s, origin + timedelta(seconds=elapsed_s))
            stop.wait(_TURN_S)
        deadline_s = time.monotonic() + drain_s
        while fleet.backlog and time.monotonic() < deadline_s:
            fleet.settle(origin + timedelta(seconds=elapsed_s))
            stop.wait(_TURN_S)
        return Published(
            samples=flow.count,
            enqueued=sum(sum(post.ledger().values()) for post in posts),
            undelivered=fleet.backlog,
            elapsed_s=round(elapsed_s, 3),
        )
    finally:
        fleet.close()


def _starting(city: City, at: datetime) -> City:
    """Return a city whose second 0 is another moment; daily cycles keep the scenario's own hours."""
    shift_h = (city.start - at).total_seconds() / 3600.0
    return replace(
        city,
        start=at,
        map=replace(city.map, utc_offset_h=city.map.utc_offset_h + shift_h),
    )
