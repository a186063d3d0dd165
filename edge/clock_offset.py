"""How far this machine's clock is from true time, as the kernel's NTP discipline knows it.

Whatever keeps the clock (chrony, ntpd, systemd-timesyncd) tells the kernel through ``adjtimex``; the
kernel is asked the same way, so no daemon has to be spoken to. Source: adjtimex(2), RFC 5905.
"""

import ctypes
import ctypes.util

__all__ = ["clock_offset_s", "offset_of"]

_ERROR = 5
"""TIME_ERROR: the clock is not synchronised."""
_UNSYNCED = 0x0040
"""STA_UNSYNC."""
_NANOSECONDS = 0x2000
"""STA_NANO: offsets are in nanoseconds, else in microseconds."""


class _TimeVal(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("fraction", ctypes.c_long))


class _Timex(ctypes.Structure):
    """``struct timex`` of Linux, with its reserved end."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("constant", ctypes.c_long),
        ("precision", ctypes.c_long),
        ("tolerance", ctypes.c_long),
        ("time", _TimeVal),
        ("tick", ctypes.c_long),
        ("ppsfreq", ctypes.c_long),
        ("jitter", ctypes.c_long),
        ("shift", ctypes.c_int),
        ("stabil", ctypes.c_long),
        ("jitcnt", ctypes.c_long),
        ("calcnt", ctypes.c_long),
        ("errcnt", ctypes.c_long),
        ("stbcnt", ctypes.c_long),
        ("tai", ctypes.c_int),
        ("reserved", ctypes.c_int * 11),
    )


def offset_of(state: int, status: int, offset: int) -> float | None:
    """Return this clock minus true time in seconds; None where it is not kept by anybody.

    Args:
        state: what adjtimex returned.
        status: its status bits.
        offset: what is still to be added to the clock, in the unit that ``status`` names.
    """
    if state < 0 or state == _ERROR or status & _UNSYNCED:
        return None
    # what is still to be added is what the clock lacks
    return -offset / (1e9 if status & _NANOSECONDS else 1e6)


def clock_offset_s() -> float | None:
    """Return this machine's clock minus true time in seconds; None where nobody knows."""
    library = ctypes.util.find_library("c")
    if library is None:
        return None
    try:
        ask = ctypes.CDLL(library, use_errno=True).adjtimex
    except (OSError, AttributeError):
        # another system than Linux
        return None
    found = _Timex(modes=0)
    state = ask(ctypes.byref(found))
    return offset_of(state, found.status, found.offset)
