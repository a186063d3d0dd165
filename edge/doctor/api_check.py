"""Whether the API that takes pictures answers and knows this box."""

import httpx

from edge.config import ApiConfig
from runtime.errors import SecretError
from runtime.finding import Finding, Verdict
from runtime.secret import read_secret

__all__ = ["check_api"]

_UNKNOWN_HASH = "0" * 64


def check_api(
    config: ApiConfig, key_file: str | None, *, transport: httpx.BaseTransport | None = None
) -> Finding:
    """Return whether the API answers, and whether it takes this box's key.

    Args:
        config: the API.
        key_file: its key's file, absolute; None where there is none.
        transport: httpx transport; None uses the network.
    """
    try:
        key = read_secret(key_file, None, f"api {config.url}")
    except SecretError as error:
        return _fail(str(error), "enrol the box: cityloop edge enrol")
    headers = {} if key is None else {"authorization": f"Bearer {key}"}
    try:
        with httpx.Client(
            base_url=config.url.rstrip("/"), timeout=config.timeout_s, transport=transport
        ) as client:
            well = client.get("/healthz")
            # asking for evidence that does not exist changes nothing and needs a key
            known = client.get(f"/v1/evidence/{_UNKNOWN_HASH}", headers=headers)
    except httpx.HTTPError as error:
        return _fail(
            f"{config.url}: {type(error).__name__}: {error}",
            "check api.url, network and firewall; pictures wait on disk meanwhile",
        )
    if not well.is_success:
        return _fail(f"{config.url}/healthz answered {well.status_code}", "look into the API's log")
    if known.status_code == httpx.codes.UNAUTHORIZED:
        return _fail(
            f"{config.url} does not know this box's key", "enrol the box again: cityloop edge enrol"
        )
    return Finding(check="api", verdict=Verdict.OK, detail=f"{config.url} answers and knows us")


def _fail(detail: str, advice: str) -> Finding:
    return Finding(check="api", verdict=Verdict.FAIL, detail=detail, advice=advice)
