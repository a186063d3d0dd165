"""The configuration files of a stack's parts, as documents for the YAML writer."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from cityloop.stack.plan import StackPlan

__all__ = [
    "Document",
    "api_document",
    "drawn_street_camera",
    "edge_document",
    "gateway_document",
    "hub_document",
    "rule_packs",
    "session_document",
    "shipped_packs",
    "storm_document",
    "street_camera",
    "write_document",
]

Document = dict[str, Any]

DEMO_PACKS = ("flood", "street")


def write_document(path: Path, document: Document) -> Path:
    """Write a configuration file and return its path."""
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
    path.write_text(text, encoding="utf-8")
    return path


def rule_packs(names: Sequence[str] = DEMO_PACKS) -> list[str]:
    """Return the paths of rule packs that ship."""
    folder = files("rules") / "packs"
    return [str(folder / f"{name}.yaml") for name in names]


def shipped_packs() -> list[str]:
    """Return the names of the rule packs that ship."""
    folder = files("rules") / "packs"
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    )


def _clocked(plan: StackPlan, document: Document) -> Document:
    return document | ({"clock": plan.clock.document()} if plan.clock is not None else {})


def session_document(plan: StackPlan, user: str) -> Document:
    """Return how a user of the hub logs in to it by MQTT."""
    return {
        "host": "127.0.0.1",
        "port": plan.ports.mqtt,
        "client_id": user,
        "username": user,
        "password_file": str(plan.secret(f"{user}.password")),
        # everything is on one machine: a part that comes back is worth asking for at once
        "reconnect_cap_s": 1.0,
    }


def hub_document(plan: StackPlan) -> Document:
    """Return the hub's configuration, with every user and box of the plan."""
    users = [
        {"name": name, "role": name, "password_file": str(plan.secret(f"{name}.password"))}
        for name in ("gateway", "api", "admin")
    ]
    boxes = [
        {
            "box": box,
            "district": plan.district,
            "site": plan.site,
            "password_file": str(plan.secret(f"{box}.password")),
        }
        for box in plan.boxes
    ]
    return {
        "data_dir": str(plan.folder / "hub"),
        "mqtt": {"port": plan.ports.mqtt},
        "client": {"port": plan.ports.hub_client},
        "monitor": {"port": plan.ports.hub_monitor},
        "users": users,
        "boxes": boxes,
        "register": {"api": plan.api_url, "key_file": str(plan.secret("hub.key"))},
    }


def api_document(plan: StackPlan) -> Document:
    """Return the API's configuration."""
    return _clocked(
        plan,
        {
            "port": plan.ports.api,
            "database_url": f"sqlite:///{plan.folder / 'api' / 'cloud_api.sqlite'}",
            "evidence_dir": str(plan.folder / "api" / "evidence"),
            # all of it is on loopback, without TLS: not every browser would send a secure cookie there
            "cookie_secure": False,
            # acknowledgements go down to the gateway as control messages
            "hub": session_document(plan, "api"),
            "curves": {"url": f"http://127.0.0.1:{plan.ports.gateway}"},
            # rules are tried on what this very gateway has heard
            "trials": {"data": str(plan.folder / "gateway")},
            "public_reports": True,
        },
    )


def gateway_document(plan: StackPlan, packs: Sequence[str]) -> Document:
    """Return the gateway's configuration; ``packs`` are paths of rule packs."""
    streams = {"jetstream": {"port": plan.ports.hub_client}} if plan.intake == "jetstream" else {}
    return _clocked(
        plan,
        streams
        | {
            "state_dir": str(plan.folder / "gateway"),
            "districts": [plan.district],
            "hub": session_document(plan, "gateway"),
            "api": {
                "url": plan.api_url,
                "key_file": str(plan.secret("gateway.key")),
                "backoff_cap_s": 2.0,
            },
            "identity": {},
            "rules": {"paths": list(packs)},
            "metrics": {"port": plan.ports.gateway},
        },
    )


def edge_document(
    plan: StackPlan, *, cameras: Sequence[Document] = (), sensors: Sequence[Document] = ()
) -> Document:
    """Return the edge box's configuration."""
    return _clocked(
        plan,
        {
            "box": {
                "district": plan.district,
                "site": plan.site,
                "box": plan.edge_box,
                "place": {"lon": 114.3055, "lat": 30.5931},
            },
            "hub": session_document(plan, plan.edge_box),
            "api": {"url": plan.api_url, "key_file": str(plan.secret("box.key"))},
            "outbox": {"path": str(plan.outbox(plan.edge_box))},
            "evidence": {"path": str(plan.folder / "boxes" / "evidence")},
            "cameras": list(cameras),
            "sensors": list(sensors),
        },
    )


def drawn_street_camera(clip: Path) -> Document:
    """Return the camera at the scene ``fire-lane``, looked through by the detector that ships."""
    return {
        "id": "street-1",
        "source": {"file": str(clip), "pace": "realtime"},
        "detector": {
            "kind": "onnx",
            "model": str(files("models") / "zoo" / "street-sim-nano.onnx"),
        },
        "zones": [
            {
                "id": "fire-lane",
                "kind": "fire_lane",
                # the red patch of simulators.scene.street_camera through its camera, over 640 x 360
                "polygon": [[0.7, 0.491], [0.783, 0.479], [0.606, 0.317], [0.55, 0.322]],
                "classes": ["car", "truck_bus"],
                "dwell_s": 10.0,
            }
        ],
        # across the lane that leads away, 12 m before the mast
        "lines": [{"id": "count", "from": [0.614, 0.61], "to": [0.752, 0.586]}],
    }


def street_camera(clip: Path) -> Document:
    """Return the camera that looks at the drawn street: its fire lane and its counting line."""
    return {
        "id": "street-1",
        "source": {"file": str(clip), "pace": "realtime"},
        "detector": {
            "kind": "background",
            "sizes": [{"label": "vehicle", "min_area_ratio": 0.003}],
        },
        "zones": [
            {
                "id": "fire-lane",
                "kind": "fire_lane",
                # drawn by the simulator: simulators.street_traffic.FIRE_LANE over 640 x 360
                "polygon": [[0.359, 0.681], [0.641, 0.681], [0.641, 0.833], [0.359, 0.833]],
                "dwell_s": 10.0,
            }
        ],
        "lines": [{"id": "count", "from": [0.734, 0.944], "to": [0.734, 0.25]}],
    }


def storm_document(plan: StackPlan, *, seed: int, copies: int = 1) -> Document:
    """Return the simulated district's configuration."""
    return _clocked(
        plan,
        {
            "district": plan.district,
            "site": plan.site,
            "seed": seed,
            "copies": copies,
            "ledger": str(plan.folder / "storm-ledger.json"),
            "boxes": [
                {
                    "box": box,
                    "mqtt": session_document(plan, box),
                    "outbox": {"path": str(plan.outbox(box))},
                }
                for box in plan.storm_boxes
            ],
        },
    )
