"""Packets that are lost on the way between two loopback sockets, as on a bad radio link.

The kernel drops them as they arrive, so what is seen is TCP's own doing: retransmissions, back-off,
stalls. It is done in a network namespace of the run's own: nobody else's packets are touched.
"""

import ctypes
import json
from shutil import which

from cityloop.chaos.system_tool import run_tool
from cityloop.errors import StackError

__all__ = ["PacketLoss", "enter_own_network"]

_CLONE_NEWNET = 0x40000000
"""Source: Linux, include/uapi/linux/sched.h."""
_TABLE = "cityloop_chaos"
_NO_PORT = 1
"""A port that nobody listens on."""


def enter_own_network() -> bool:
    """Move this thread, and what it starts from now on, to an empty network with a loopback alone.

    Returns:
        Whether packets can be lost in it: that needs Linux, root, ``ip``, ``nft`` and a kernel that
        takes its rules.
    """
    if which("ip") is None or which("nft") is None:
        return False
    if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNET) != 0:
        return False
    run_tool("ip", "link", "set", "lo", "up")
    trial = PacketLoss(_NO_PORT, 0.0)
    try:
        trial.start()
        trial.stop()
    except StackError:
        return False
    return True


class PacketLoss:
    """Loses some of the packets to and from a port.

    Args:
        port: the TCP port; on loopback, in a network of our own.
        share: of the packets that are lost, 0..1, each on its own.
    """

    def __init__(self, port: int, share: float) -> None:
        self._port = port
        self._per_mille = round(share * 1_000)

    def start(self) -> None:
        """Begin to lose packets.

        Raises:
            StackError: the kernel does not take the rules.
        """
        rules = "".join(
            f"tcp {side} {self._port} numgen random mod 1000 < {self._per_mille} counter drop\n"
            for side in ("dport", "sport")
        )
        # as they arrive: what is dropped on its way out is told to the sender, which no radio does
        chain = f"chain arriving {{ type filter hook input priority 0;\n{rules}}}"
        run_tool("nft", "-f", "-", text=f"table inet {_TABLE} {{\n{chain}\n}}\n")

    def stop(self) -> int:
        """Lose no more; return how many were lost.

        Raises:
            StackError: the rules are gone already.
        """
        listed = json.loads(run_tool("nft", "-j", "list", "table", "inet", _TABLE))
        run_tool("nft", "delete", "table", "inet", _TABLE)
        parts = [
            part
            for entry in listed["nftables"]
            for part in entry.get("rule", {}).get("expr", ())
            if "counter" in part
        ]
        return sum(int(part["counter"]["packets"]) for part in parts)
