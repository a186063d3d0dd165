"""What processes take of the machine, as the kernel counts it."""

import os
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Usage", "family", "pss_mb", "usage"]

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of the processor, of all of a family and of its decoders."""

    all_s: float
    decoders_s: float

    def __sub__(self, other: "Usage") -> "Usage":
        return Usage(self.all_s - other.all_s, self.decoders_s - other.decoders_s)


def family() -> list[int]:
    """Return this process and everything that it started, directly or not."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            fields = _stat(int(entry.name))
            if fields is not None:
                parents[int(entry.name)] = int(fields[1])
    found = [os.getpid()]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def usage(decoders: list[int]) -> Usage:
    """Return what the family has used so far; ended processes no longer count.

    Args:
        decoders: processes that decode cameras.
    """
    seconds = {}
    for pid in family():
        fields = _stat(pid)
        if fields is not None:
            seconds[pid] = (int(fields[11]) + int(fields[12])) / _TICKS
    return Usage(sum(seconds.values()), sum(seconds.get(pid, 0.0) for pid in decoders))


def pss_mb() -> float:
    """Return the family's share of memory: pages that several use are divided among them."""
    total_kb = 0
    for pid in family():
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        total_kb += sum(
            int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")
        )
    return total_kb / 1024.0


def _stat(pid: int) -> list[str] | None:
    """Return a process's fields after its name: state, parent, ...; None where it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()
