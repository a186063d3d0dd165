"""Where a request comes from, seen through proxies that are known."""

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from starlette.types import Scope

__all__ = ["client_address"]


def client_address(scope: Scope, proxies: Sequence[str]) -> str:
    """Return the address of who asks; empty where the server does not know one.

    ``X-Forwarded-For`` is believed from right to left as long as the one who added to it is a known
    proxy: what a client wrote there itself stands to the left of the first stranger.

    Args:
        scope: the request.
        proxies: addresses or networks of proxies.
    """
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if not proxies:
        return address
    networks = [ip_network(each, strict=False) for each in proxies]
    said = dict(scope["headers"]).get(b"x-forwarded-for", b"").decode("latin-1")
    for hop in reversed([each.strip() for each in said.split(",") if each.strip()]):
        try:
            known = any(ip_address(address) in network for network in networks)
        except ValueError:
            known = False
        if not known:
            break
        address = hop[:64]
    return address
