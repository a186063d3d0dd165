"""The wiring of sinks: configuration in, followers of the outbox out."""

from pathlib import Path
from random import Random

from gateway.config import GatewayConfig
from gateway.event_outbox import EventOutbox
from gateway.sinks.circuit_breaker import CircuitBreaker
from gateway.sinks.event_filter import EventFilter
from gateway.sinks.follower import SinkFollower
from gateway.sinks.positions import SinkPositions
from runtime.backoff import Backoff

__all__ = ["make_breaker", "make_followers"]


def make_breaker(base_s: float, cap_s: float, rng: Random) -> CircuitBreaker:
    """Return a breaker that waits at most ``cap_s`` seconds."""
    return CircuitBreaker(Backoff(base_s, cap_s, rng), floor_s=min(1.0, cap_s / 2))


def make_followers(
    config: GatewayConfig, outbox: EventOutbox, positions: SinkPositions, rng: Random
) -> list[SinkFollower]:
    """Return a follower of the outbox for each configured webhook."""
    if not config.webhooks:
        return []
    from gateway.sinks.webhook import WebhookSink  # noqa: PLC0415 - httpx, only if there is one

    return [
        SinkFollower(
            hook.name,
            outbox,
            positions,
            WebhookSink(
                hook.url,
                gateway=config.name,
                secret_file=Path(hook.secret_file),
                timeout_s=hook.timeout_s,
            ),
            make_breaker(hook.backoff_s, hook.backoff_cap_s, rng),
            EventFilter(
                levels=[level.value for level in hook.levels],
                event_types=hook.event_types,
                districts=hook.districts,
                phases=[phase.value for phase in hook.phases],
            ),
            from_start=hook.from_start,
        )
        for hook in config.webhooks
    ]
