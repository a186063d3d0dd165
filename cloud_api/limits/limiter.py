"""The limits of one server: who has asked too often is told when to come back."""

import math
import threading
import time

from starlette.types import Scope

from cloud_api.config import ApiConfig
from cloud_api.errors import RateLimited
from cloud_api.keys import Identity, Role
from cloud_api.limits.address import client_address
from cloud_api.limits.buckets import Buckets
from cloud_api.metrics import Metrics

__all__ = ["Limiter"]

_BURST_S = 4.0
"""Seconds of the steady rate that may come at once."""

_MOST_KEYS = 20_000


class Limiter:
    """Counts requests of identities, and of addresses where nobody is known; safe for any thread."""

    def __init__(self, config: ApiConfig, metrics: Metrics) -> None:
        self._proxies = config.trusted_proxies
        self._people = _buckets(config.limit_identity_per_s)
        self._machines = _buckets(config.limit_machine_per_s)
        self._addresses = _buckets(config.limit_address_per_s)
        self._by_identity = metrics.rate_limited.labels("identity")
        self._by_address = metrics.rate_limited.labels("address")
        self._mutex = threading.Lock()

    def address(self, scope: Scope) -> str:
        """Return where a request comes from."""
        return client_address(scope, self._proxies)

    def check_identity(self, identity: Identity) -> None:
        """Count a request of somebody known.

        Raises:
            RateLimited: he asks too often.
        """
        machine = identity.role.is_machine or identity.role is Role.ADMIN
        buckets = self._machines if machine else self._people
        with self._mutex:
            wait_s = buckets.take(f"{identity.kind}:{identity.key_id}", time.monotonic())
        if wait_s:
            self._by_identity.inc()
            raise _refusal(f"{identity.kind} {identity.name!r} asks", wait_s)

    def check_address(self, scope: Scope, cost: float = 1.0) -> None:
        """Count a request from an address, of somebody who is not known or not known yet.

        Raises:
            RateLimited: too many come from there.
        """
        with self._mutex:
            wait_s = self._addresses.take(self.address(scope), time.monotonic(), cost)
        if wait_s:
            self._by_address.inc()
            raise _refusal("requests without a believed key come from this address", wait_s)


def _buckets(per_s: float) -> Buckets:
    return Buckets(per_s=per_s, burst=max(1.0, _BURST_S * per_s), most=_MOST_KEYS)


def _refusal(what: str, wait_s: float) -> RateLimited:
    seconds = max(1, math.ceil(wait_s))
    return RateLimited(
        f"{what} too often; come back in {seconds} s", headers={"Retry-After": str(seconds)}
    )
