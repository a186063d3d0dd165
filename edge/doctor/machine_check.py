"""Whether the machine under the box is fit for it: clock, disk, temperature, permissions."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from edge.config import EdgeConfig
from edge.health.thermometer import THERMAL_ZONES, hottest_c
from runtime.finding import Finding, Verdict

__all__ = ["check_clock", "check_disk", "check_permissions", "check_temperature", "state_folders"]

_CLOCK_OFF_S = 1.0
"""As the gateway's clock watch: beyond, a box's times are said to be wrong."""
_CLOCK_BROKEN_S = 60.0
_HOT_C, _TOO_HOT_C = 75.0, 90.0
"""Where most boards begin to slow down, and where they switch off. Source: expert setting."""
_SLOW_SYNC_S = 0.5
"""A disk that takes longer to keep one page holds the box up at every message."""
_WORLD = 0o077


def check_clock(offset_s: float | None) -> Finding:
    """Return what a clock's offset from true time (seconds; None: nobody knows) is worth."""
    if offset_s is None:
        return Finding(
            check="clock",
            verdict=Verdict.WARN,
            detail="nobody keeps this clock in time",
            advice="run chrony or systemd-timesyncd with a time server that the box can reach",
        )
    detail = f"{offset_s:+.3f} s from true time"
    if abs(offset_s) <= _CLOCK_OFF_S:
        return Finding(check="clock", verdict=Verdict.OK, detail=detail)
    verdict = Verdict.FAIL if abs(offset_s) > _CLOCK_BROKEN_S else Verdict.WARN
    return Finding(
        check="clock",
        verdict=verdict,
        detail=detail,
        advice="set the clock, then let chrony keep it; readings with wrong times are flagged",
    )


def check_temperature(root: Path = THERMAL_ZONES) -> Finding:
    """Return how hot the machine is."""
    degrees = hottest_c(root)
    if degrees is None:
        return Finding(
            check="temperature", verdict=Verdict.SKIP, detail="no thermal zone tells anything"
        )
    detail = f"{degrees:.0f} °C at the hottest place"
    if degrees < _HOT_C:
        return Finding(check="temperature", verdict=Verdict.OK, detail=detail)
    verdict = Verdict.FAIL if degrees >= _TOO_HOT_C else Verdict.WARN
    return Finding(
        check="temperature",
        verdict=verdict,
        detail=detail,
        advice="clean vents and heat sink, give it shade and air; the heat guard lowers fps",
    )


def state_folders(config: EdgeConfig, folder: Path) -> tuple[Path, ...]:
    """Return the folders that the box writes to, each once."""
    outbox = (folder / config.outbox.path).resolve().parent
    evidence = (folder / config.evidence.path).resolve()
    return tuple(dict.fromkeys((outbox, evidence)))


def check_disk(config: EdgeConfig, folder: Path) -> Iterator[Finding]:
    """Yield whether there is room for what the box may keep, and how fast the disk keeps it."""
    wanted = {
        state_folders(config, folder)[0]: config.outbox.budget_bytes,
        (folder / config.evidence.path).resolve(): config.evidence.budget_bytes,
    }
    for where, budget in wanted.items():
        there = _existing(where)
        name = f"disk {where}"
        usage = shutil.disk_usage(there)
        detail = f"{usage.free / 1e9:.2f} GB free of {usage.total / 1e9:.2f}, budget {budget / 1e9:.2f} GB"
        try:
            sync_s = _sync(there)
        except OSError as error:
            yield Finding(
                check=name,
                verdict=Verdict.FAIL,
                detail=f"{detail}; cannot be written: {error}",
                advice=f"free space, or give {there} to the user that runs the box",
            )
            continue
        detail += f", {sync_s * 1000:.0f} ms to keep a page"
        if usage.free < budget:
            yield Finding(
                check=name,
                verdict=Verdict.WARN,
                detail=detail,
                advice="lower outbox.budget_bytes or evidence.budget_bytes, or free space",
            )
        elif sync_s > _SLOW_SYNC_S:
            yield Finding(
                check=name,
                verdict=Verdict.WARN,
                detail=detail,
                advice="a worn memory card? put the state folder on an SSD or eMMC",
            )
        else:
            yield Finding(check=name, verdict=Verdict.OK, detail=detail)


def _existing(path: Path) -> Path:
    """Return a folder, or the nearest one above it that exists."""
    while not path.is_dir():
        path = path.parent
    return path


def _sync(folder: Path) -> float:
    """Return how long (real seconds) a page takes to be kept.

    Raises:
        OSError: nothing can be written there.
    """
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
        began = time.monotonic()
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())
        return time.monotonic() - began


def check_permissions(config: EdgeConfig, path: Path) -> Iterator[Finding]:
    """Yield whether secrets are kept from others, and what the box runs as.

    Args:
        config: the box.
        path: its configuration.
    """
    folder = path.resolve().parent
    named = [config.hub.password_file, config.hub.tls_key] if config.hub is not None else []
    named += [config.api.key_file] if config.api is not None else []
    named += [camera.source.password_file for camera in config.cameras]
    faults: list[str] = []
    for name in dict.fromkeys(one for one in named if one is not None):
        file = folder / name
        if not file.is_file():
            faults.append(f"{file} is missing")
        elif not os.access(file, os.R_OK):
            faults.append(f"{file} cannot be read by this user")
        elif file.stat().st_mode & _WORLD:
            faults.append(f"{file} can be read by others: chmod 600 {file}")
    if path.stat().st_mode & 0o002:
        faults.append(f"{path} can be changed by anybody: chmod 644 {path}")
    if faults:
        yield Finding(
            check="permissions",
            verdict=Verdict.WARN,
            detail="; ".join(faults),
            advice="secrets belong to the user that runs the box, and to nobody else",
        )
    elif os.geteuid() == 0:
        yield Finding(
            check="permissions",
            verdict=Verdict.WARN,
            detail="this runs as root",
            advice="run the box as a user of its own (docs/edge-health.md has a systemd unit)",
        )
    else:
        yield Finding(check="permissions", verdict=Verdict.OK, detail="secrets are kept")
