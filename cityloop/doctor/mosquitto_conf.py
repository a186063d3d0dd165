"""Checks of a mosquitto.conf. Source of the defaults: mosquitto.conf(5), version 2.0."""

from pathlib import Path

from runtime.finding import Finding, Verdict

__all__ = ["check_mosquitto_conf", "parse_mosquitto_conf"]

_MIN_INFLIGHT = 1000
"""A gateway acknowledges after its journal's sync: at 10,000 messages/s and 0.1 s, a thousand wait."""

_MIN_QUEUED = 100_000
"""Ten seconds of 10,000 messages/s while a gateway restarts."""

_MIN_PACKET_BYTES = 300_000
"""The largest wire message, 256 KiB, with its topic."""


def parse_mosquitto_conf(text: str) -> dict[str, str]:
    """Return the settings of a mosquitto.conf; of a repeated one the last."""
    settings: dict[str, str] = {}
    for line in text.splitlines():
        words = line.strip().split(maxsplit=1)
        if words and not words[0].startswith("#"):
            settings[words[0]] = words[1].strip() if len(words) > 1 else ""
    return settings


def _number(settings: dict[str, str], name: str, default: int) -> int:
    value = settings.get(name, str(default))
    return int(value) if value.lstrip("-").isdigit() else default


def _flag(settings: dict[str, str], name: str) -> bool:
    return settings.get(name, "false").lower() in {"true", "1"}


def _at_least(settings: dict[str, str], name: str, default: int, minimum: int, why: str) -> Finding:
    """Return the finding on a limit for which 0 means none."""
    value = _number(settings, name, default)
    good = value == 0 or value >= minimum
    return Finding(
        check=name,
        verdict=Verdict.OK if good else Verdict.FAIL,
        detail=f"{value}{'' if name in settings else ' (default)'}; {why}",
        advice="" if good else f"{name} {minimum}",
    )


def check_mosquitto_conf(path: Path) -> list[Finding]:
    """Return the findings on a configuration file; an unreadable one is a failure."""
    try:
        settings = parse_mosquitto_conf(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        return [Finding(check="mosquitto.conf", verdict=Verdict.FAIL, detail=f"{path}: {error}")]
    kept = _flag(settings, "persistence")
    findings = [
        Finding(
            check="persistence",
            verdict=Verdict.OK if kept else Verdict.FAIL,
            detail="sessions and queues survive a restart"
            if kept
            else "a restart forgets sessions, queued and retained messages",
            advice="" if kept else "persistence true",
        ),
        _at_least(
            settings,
            "max_inflight_messages",
            20,
            _MIN_INFLIGHT,
            "a receiver that acknowledges after storing stalls at this many",
        ),
        _at_least(
            settings,
            "max_queued_messages",
            1000,
            _MIN_QUEUED,
            "beyond it, acknowledged messages for an absent session are dropped",
        ),
        _at_least(
            settings,
            "max_packet_size",
            0,
            _MIN_PACKET_BYTES,
            "larger packets end their sender's connection",
        ),
    ]
    if kept:
        often = _number(settings, "autosave_interval", 1800) == 1
        on_changes = _flag(settings, "autosave_on_changes")
        saved = often and on_changes
        findings.append(
            Finding(
                check="autosave",
                verdict=Verdict.OK if saved else Verdict.WARN,
                detail="every change is written"
                if saved
                else "a kill or power cut forgets what came in since the last save (default 30 min): "
                "kill -9 of a Mosquitto with Debian's settings lost 200 of 200 acknowledged messages",
                advice="" if saved else "autosave_interval 1 and autosave_on_changes true",
            )
        )
    anonymous = _flag(settings, "allow_anonymous")
    findings.append(
        Finding(
            check="allow_anonymous",
            verdict=Verdict.WARN if anonymous else Verdict.OK,
            detail="anybody may publish as any box" if anonymous else "logins are required",
            advice="allow_anonymous false, with password_file and acl_file" if anonymous else "",
        )
    )
    if "include_dir" in settings:
        findings.append(
            Finding(
                check="include_dir",
                verdict=Verdict.SKIP,
                detail=f"files in {settings['include_dir']} were not read; they may change the above",
            )
        )
    return findings
