"""Puts together what looks after a running box: guards, watchdog, figures, preview."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from edge.attention.load_ladder import LoadLadder
from edge.camera_config import CameraConfig
from edge.camera_lane import CameraLane
from edge.config import EdgeConfig
from edge.evidence.spool import Spool
from edge.evidence.vault import Vault
from edge.health.disk_guard import DiskGuard, free_bytes
from edge.health.figures import Figures
from edge.health.heat_guard import HeatGuard
from edge.health.local_server import LocalServer
from edge.health.thermometer import hottest_c
from edge.health.vital_signs import VitalSigns, process_gauges
from edge.health.watchdog import Watchdog
from edge.preview.desk import PreviewDesk
from edge.preview.pages import PreviewPages
from edge.service import Agent
from runtime.secret import read_secret

__all__ = ["attach_guards", "attach_local", "attach_watchdog"]

_LOG = structlog.get_logger("edge.health")


def attach_guards(
    agent: Agent,
    config: EdgeConfig,
    folder: Path,
    *,
    ladder: LoadLadder,
    spool: Spool | None,
    vault: Vault | None,
) -> tuple[HeatGuard, DiskGuard]:
    """Let guards watch heat and disk; return them."""
    limits = config.guards
    heat = HeatGuard(
        ladder,
        hottest_c,
        limit_c=limits.heat_limit_c,
        after_s=limits.heat_after_s,
        recover_s=limits.heat_recover_s,
    )
    folders = [(folder / config.outbox.path).parent]
    if spool is not None:
        folders.append(folder / config.evidence.path)
    # originals are a convenience of a few days, a waiting picture is a case's evidence
    disk = DiskGuard(
        lambda: free_bytes(folders),
        keep_bytes=limits.disk_free_bytes,
        pictures=[store for store in (vault, spool) if store is not None],
    )
    agent.attend(heat)
    agent.attend(disk)
    agent.admit_by(disk.admit)
    return heat, disk


def attach_watchdog(agent: Agent, environment: Mapping[str, str]) -> None:
    """Let systemd know that the box goes on, where it asks for that."""
    watchdog = Watchdog.of_environment(environment, os.getpid(), seconds=time.monotonic)
    if watchdog is not None:
        agent.attend(watchdog)


def attach_local(
    agent: Agent,
    config: EdgeConfig,
    folder: Path,
    *,
    info: Mapping[str, str],
    lanes: Mapping[str, CameraLane],
    camera: Callable[[str], CameraConfig],
    guards: tuple[HeatGuard, DiskGuard],
    clock_offset: Callable[[], float | None],
) -> LocalServer | None:
    """Serve figures and preview, where that is configured.

    Raises:
        SecretError: the preview's password cannot be read.
        OSError: the port is taken.
    """
    local = config.local
    if local is None:
        return None
    heat, disk = guards

    def gather(longest_s: float) -> Figures:
        return Figures(
            info=info,
            counters=agent.counters,
            cameras=frozenset(lanes),
            up={name: lane.up for name, lane in lanes.items()},
            gauges={
                "hub_connected": float(agent.session.connected),
                "cameras_ended": sum(lane.ended for lane in lanes.values()),
                "outbox_messages": agent.outbox.rows,
                "outbox_bytes": agent.outbox.size_bytes,
                "episodes_open": len(agent.book.open_keys),
                "temperature_celsius": heat.celsius,
                "disk_free_bytes": disk.free,
                "clock_offset_seconds": clock_offset(),
                "loop_seconds_max": longest_s,
                **process_gauges(),
            },
        )

    signs = VitalSigns(gather, seconds=time.monotonic)
    file = local.preview_password_file
    password = read_secret(
        None if file is None else str(folder / file), local.preview_password_env, "preview"
    )
    pages = None
    if password is not None:
        desk = PreviewDesk(lanes, camera, every_s=local.preview_every_s, seconds=time.monotonic)
        agent.attend(desk)
        pages = PreviewPages(desk, password, seconds=time.monotonic)
    agent.attend(signs)
    server = LocalServer(local.host, local.port, signs, pages)
    server.start()
    agent.at_close(server.close)
    _LOG.info("local_served", host=local.host, port=server.port, preview=pages is not None)
    return server
