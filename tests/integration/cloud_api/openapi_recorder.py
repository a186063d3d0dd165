"""Records exchanges with a server as the examples of the OpenAPI document."""

import json
from typing import Any

import httpx

from cloud_api.keys import Role
from cloud_api.openapi_examples import Example
from tests.integration.cloud_api.conftest import Server

SECRETS = {
    "present": "...",
    "new": "...",
    "token": "...",
    "tracking_code": "7G3K-0M2P-9XQA-TT41",
    "password": "...",
    "api_key": "...",
}


class Recorder:
    """Makes exchanges and keeps the first good one of each route."""

    def __init__(self, server: Server) -> None:
        self.found: dict[str, Example] = {}
        self.url = server.url
        self._clients = {role: server.client(role) for role in (None, *Role)}

    def keep(self, role: Role, token: str) -> None:
        """Use another token for a role from now on."""
        self._clients[role].headers["Authorization"] = f"Bearer {token}"

    def do(
        self,
        role: Role | None,
        method: str,
        template: str,
        values: dict[str, str] | None = None,
        **sent: Any,
    ) -> httpx.Response:
        """Make one exchange."""
        path = template.format(**(values or {}))
        answer = self._clients[role].request(method, path, **sent)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        self.found.setdefault(f"{method} {template}", _example(answer, sent))
        return answer

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()


def _example(answer: httpx.Response, sent: dict[str, Any]) -> Example:
    request: Any = None
    sent_as = "application/json"
    if "json" in sent:
        request = sent["json"]
    elif "data" in sent:
        request, sent_as = sent["data"], "application/x-www-form-urlencoded"
    elif isinstance(sent.get("content"), str):
        request, sent_as = sent["content"], sent.get("headers", {}).get("Content-Type", sent_as)
        request = json.loads(request) if sent_as == "application/json" else request
    media_type = answer.headers.get("content-type", "").split(";")[0]
    response: Any = None
    if media_type.endswith("json"):
        response = _short(answer.json())
    elif answer.content and not media_type.startswith(("image", "application/vnd")):
        response = answer.text[:1500]
    return Example(
        status=answer.status_code,
        request=_masked(request),
        response=_masked(response),
        media_type=media_type,
        sent_as=sent_as,
    )


def _short(value: Any) -> Any:
    """Return an answer with the first two of each list."""
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    return [_short(each) for each in value[:2]] if isinstance(value, list) else value


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: SECRETS[key] if key in SECRETS and isinstance(each, str) else _masked(each)
            for key, each in value.items()
        }
    return [_masked(each) for each in value] if isinstance(value, list) else value


def shape(value: Any) -> Any:
    """Return which fields an answer has, not what is in them."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in sorted(value.items())}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


def alike(one: Any, other: Any) -> bool:
    """Return whether two shapes agree, where both have something."""
    if isinstance(one, dict) and isinstance(other, dict):
        return set(one) == set(other) and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list) and one and other:
        return alike(one[0], other[0])
    return True
