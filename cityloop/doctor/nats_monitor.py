"""Checks of a nats-server through its monitoring port."""

import json
import urllib.error
import urllib.request
from typing import Any

from runtime.finding import Finding, Verdict

__all__ = ["check_nats", "judge_health", "judge_nats", "judge_streams"]

_TIMEOUT_S = 5.0
_MIN_PAYLOAD_BYTES = 300_000
_MIN_ACK_PENDING = 1000
_MAX_ACK_PENDING = 7_000
"""nats-server adds it up over the filters of a session, to 65,535 at most, and refuses the filter
that passes this; a gateway without ``jetstream`` has nine."""
_SLOW_SYNC_S = 60.0


def check_nats(url: str) -> list[Finding]:
    """Return the findings on the server whose monitoring port ``url`` names, ``http://host:8222``."""
    try:
        settings, health = _get(url, "/varz"), _get(url, "/healthz")
        streams = _get(url, "/jsz?streams=true&config=true")
    except (OSError, ValueError) as error:
        return [
            Finding(
                check="nats monitor",
                verdict=Verdict.FAIL,
                detail=f"{url}: {error}",
                advice="give the address of the server's `http` listener",
            )
        ]
    return [*judge_nats(settings), *judge_health(health), *judge_streams(streams)]


def _get(url: str, path: str) -> dict[str, Any]:
    """Return what the monitoring port tells; an unhealthy server answers with an error status."""
    try:
        with urllib.request.urlopen(url.rstrip("/") + path, timeout=_TIMEOUT_S) as answer:  # noqa: S310 - the operator's own URL
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    found: dict[str, Any] = json.loads(body)
    return found


def judge_health(body: dict[str, Any]) -> list[Finding]:
    """Return the finding on what ``/healthz`` tells."""
    well = body.get("status") == "ok"
    return [
        Finding(
            check="store",
            verdict=Verdict.OK if well else Verdict.FAIL,
            detail="can be written" if well else str(body.get("error") or body.get("status")),
            advice=""
            if well
            else "make room on its disk and start nats-server again: after a write error it "
            "acknowledges everything and stores nothing; `cityloop hub run` does so by itself",
        )
    ]


def judge_streams(body: dict[str, Any]) -> list[Finding]:
    """Return the finding on the streams that ``/jsz`` tells of."""
    refusing = [
        stream["name"]
        for account in body.get("account_details") or []
        for stream in account.get("stream_detail") or []
        if (stream.get("config") or {}).get("discard") == "new"
        and (stream.get("config") or {}).get("retention") == "limits"
        and not stream["name"].startswith("$")
    ]
    return [
        Finding(
            check="streams",
            verdict=Verdict.WARN if refusing else Verdict.OK,
            detail=f"{', '.join(refusing)}: full, they refuse every message, and reading frees nothing"
            if refusing
            else "make room by themselves",
            advice="discard: old" if refusing else "",
        )
    ]


def judge_nats(body: dict[str, Any]) -> list[Finding]:
    """Return the findings on what ``/varz`` tells."""
    store = (body.get("jetstream") or {}).get("config")
    findings = [
        Finding(
            check="jetstream",
            verdict=Verdict.OK if store else Verdict.FAIL,
            detail="on" if store else "off: MQTT sessions and QoS 1 do not work without it",
            advice="" if store else "jetstream { store_dir: ... }",
        )
    ]
    payload = int(body.get("max_payload", 0))
    fits = payload >= _MIN_PAYLOAD_BYTES
    findings.append(
        Finding(
            check="max_payload",
            verdict=Verdict.OK if fits else Verdict.FAIL,
            detail=f"{payload} bytes; larger messages end their sender's connection",
            advice="" if fits else "max_payload: 1048576",
        )
    )
    pending = int((body.get("mqtt") or {}).get("max_ack_pending", 0))
    good = _MIN_ACK_PENDING <= pending <= _MAX_ACK_PENDING
    findings.append(
        Finding(
            check="mqtt max_ack_pending",
            verdict=Verdict.OK if good else Verdict.WARN,
            detail=f"{pending or 'default'}; most unacknowledged messages of one subscription",
            advice="" if good else "mqtt { max_ack_pending: 4000 }",
        )
    )
    if store:
        always = bool(store.get("sync_always"))
        sync_s = float(store.get("sync_interval", 0)) / 1e9
        slow = not always and sync_s > _SLOW_SYNC_S
        findings.append(
            Finding(
                check="sync_interval",
                verdict=Verdict.WARN if slow else Verdict.OK,
                detail="at every message"
                if always
                else f"{sync_s:g} s: what a power cut may take from devices without our ack",
                advice='jetstream { sync_interval: "10s" }' if slow else "",
            )
        )
    login = bool(body.get("auth_required"))
    findings.append(
        Finding(
            check="login",
            verdict=Verdict.OK if login else Verdict.WARN,
            detail="required" if login else "not required: anybody may publish as any box",
            advice="" if login else "authorization { users: [...] }",
        )
    )
    return findings
