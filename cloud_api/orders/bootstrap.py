"""The wiring of the orders."""

from collections.abc import Sequence

from cloud_api.database import Store
from cloud_api.metrics import Metrics
from cloud_api.mode_switching import ModeSwitcher
from cloud_api.orders.desk import OrderDesk
from cloud_api.orders.errors import MappingError
from cloud_api.orders.polling import Poller
from cloud_api.orders.reception import Reception
from cloud_api.orders.sources import OrderSource, join_source
from cloud_api.privacy.vault import Vault
from cloud_api.wording.suggesting import Suggester

__all__ = ["Orders", "build_orders"]


class Orders:
    """The reception, and a poller for each source that is asked."""

    def __init__(self, reception: Reception, pollers: list[Poller]) -> None:
        self.reception = reception
        self.desk = reception.desk
        self.pollers = pollers

    def close(self) -> None:
        """Give up connections."""
        for poller in self.pollers:
            poller.close()


def build_orders(
    sources: Sequence[OrderSource],
    store: Store,
    vault: Vault,
    switcher: ModeSwitcher,
    metrics: Metrics,
    suggester: Suggester | None,
) -> Orders:
    """Return the orders' parts.

    Raises:
        ConfigError, MappingError: a source cannot be joined.
    """
    joined = [join_source(source) for source in sources]
    names = [each.mapping.mapping for each in joined]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise MappingError(f"orders: mapping {twice[0]} stands twice; name each source once")
    reception = Reception(joined, OrderDesk(store, vault, suggester), store, switcher, metrics)
    pollers = [Poller(each, reception) for each in joined if each.source.url is not None]
    return Orders(reception, pollers)
