"""``python -m cityloop.chaos.bell run``: a box whose sensors open and end one event after another."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import click
from msgspec import Meta, Struct

from contracts.envelope import Channel, Id
from contracts.readings import Readings, Record
from contracts.topics import Kind
from runtime.clock import ClockConfig, build_clock
from runtime.logging import configure_logging
from runtime.mqtt_client import MqttConfig
from runtime.mqtt_session import MqttSession
from runtime.outbox import Letter, Outbox, OutboxConfig, Stamp
from runtime.process import stop_on_signals
from runtime.yaml_document import load_config
from simulators.gateway_post import GatewayPost

__all__ = ["BELL_PACK", "BellConfig", "main", "pace"]

BELL_PACK = """\
rules:
- id: bell
  event: {type: chaos.bell, title: {zh: "{subject}", en: "{subject}"}}
  watch: {profile: noise}
  key: [subject]
  ladder:
  - {level: yellow, when: dba >= 80 dBA, clear: dba < 70 dBA, for: 0s, clear_for: 0s}
"""
"""The rule that the box's readings open and end events by."""

_BOOT = "be11be11be11be11"
_LOUD_DBA, _QUIET_DBA = 90.0, 50.0
_STEP_EVENTS = 2_000
_MAX_BACKLOG = 20_000


class BellConfig(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One such box."""

    district: Id
    """First level of its topics."""
    site: Id
    """Second level."""
    box: Id
    """Its id."""
    hub: MqttConfig
    """The hub."""
    outbox: OutboxConfig
    """Where its messages wait."""
    events: Annotated[int, Meta(ge=1)]
    """Events that it opens and ends."""
    seconds: Annotated[float, Meta(gt=0.0)]
    """Real seconds that they take at the even rate, if the machine keeps up."""
    surge: Annotated[float, Meta(ge=1.0)] = 1.0
    """How many times faster the middle third comes; default 1."""
    subjects: Annotated[int, Meta(ge=10)] = 1_000
    """Sensors that take turns; default 1,000."""
    clock: ClockConfig | None = None
    """Clock of its readings; default the machine's."""


def pace(config: BellConfig, elapsed_s: float) -> int:
    """Return how many events have fallen due after so many real seconds."""
    third_s = config.seconds / 3
    rate = config.events / config.seconds
    middle_s = third_s / config.surge
    due = rate * min(elapsed_s, third_s)
    due += rate * config.surge * min(max(0.0, elapsed_s - third_s), middle_s)
    due += rate * max(0.0, elapsed_s - third_s - middle_s)
    return min(config.events, int(due + 1e-6))


def _letters(first: int, last: int, subjects: int, at: datetime) -> Iterator[Letter]:
    """Yield two messages for up to ten events: all begin, a millisecond later all end."""
    for start in range(first, last, 10):
        numbers = [number % subjects for number in range(start, min(start + 10, last))]
        for place, level in enumerate((_LOUD_DBA, _QUIET_DBA)):
            moment = at + timedelta(microseconds=200 * (start - first) + 1_000 * place)
            yield _letter(numbers, level, moment)


def _letter(numbers: list[int], level: float, at: datetime) -> Letter:
    records = tuple(
        Record(bn=f"bell-{number}/", profile="noise", n="dba", u="dBA", v=level)
        for number in numbers
    )

    def compose(stamp: Stamp) -> Readings:
        return Readings(**stamp._asdict(), at=at, records=records)

    return Letter(Channel.READINGS, Kind.READINGS, compose)


@click.group()
def main() -> None:
    """Open and end events, for measuring what becomes of them."""


@main.command()
@click.option("--config", "path", type=click.Path(path_type=Path), required=True)
def run(path: Path) -> None:
    """Open and end the configured number of events; end when the gateway has confirmed them all."""
    config = load_config(path, BellConfig)
    configure_logging("bell", "info")
    clock = build_clock(config.clock)
    outbox = Outbox.open(config.outbox, box=config.box, boot_id=_BOOT, clock=clock)
    post = GatewayPost(
        outbox=outbox, session=MqttSession(config.hub), district=config.district, site=config.site
    )
    post.start()
    # its own span of real time, whatever the scale of the clock
    began = clock.now()
    made, at = 0, began
    with stop_on_signals() as stop:
        while not stop and (made < config.events or post.backlog):
            now = clock.now()
            due = pace(config, clock.wall_seconds((now - began).total_seconds()))
            last = min(due, made + _STEP_EVENTS)
            if last > made and post.backlog < _MAX_BACKLOG:
                at = max(now, at)
                post.send(list(_letters(made, last, config.subjects, at)))
                at += timedelta(microseconds=200 * (last - made) + 2_000)
                made = last
            post.step(now)
            post.wait(0.002 if made < due else 0.02)
    post.close()


if __name__ == "__main__":
    main()
