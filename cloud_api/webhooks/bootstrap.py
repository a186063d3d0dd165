"""The wiring of the webhooks."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from sqlalchemy import select

from cloud_api.database import Store
from cloud_api.feed import FeedReader
from cloud_api.metrics import Metrics
from cloud_api.open311.requests_list import RequestsList
from cloud_api.orders.tables import orders
from cloud_api.schema import events
from cloud_api.webhooks.deliverer import Deliverer
from cloud_api.webhooks.endpoints import Endpoint, EndpointError, endpoint_secrets

__all__ = ["build_deliverers"]

_PAGE = 50


def build_deliverers(
    endpoints: Sequence[Endpoint],
    store: Store,
    requests: RequestsList,
    metrics: Metrics,
    rng: Random,
) -> list[Deliverer]:
    """Return a deliverer for each endpoint.

    Raises:
        EndpointError: a name stands twice, or a secret is absent.
    """
    names = [endpoint.id for endpoint in endpoints]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise EndpointError(f"webhooks: {twice[0]} stands twice; name each endpoint once")

    def reports(case_id: str) -> Iterator[Mapping[str, object]]:
        query = (
            select(orders.c.order_id)
            .join(events, events.c.event_id == orders.c.order_id)
            .where(events.c.case_id == case_id)
        )
        with store.read() as connection:
            yield from requests.named(connection, tuple(connection.scalars(query)))

    return [
        Deliverer(
            endpoint,
            endpoint_secrets(endpoint),
            store,
            FeedReader(store, _PAGE),
            reports=reports,
            rng=rng,
            settled=_counting(metrics, endpoint.id),
        )
        for endpoint in endpoints
    ]


def _counting(metrics: Metrics, name: str) -> Callable[[str], None]:
    def count(outcome: str) -> None:
        metrics.webhooks.labels(name, outcome).inc()

    return count
