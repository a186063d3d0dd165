"""How much may be under way to a hub whose queues nobody knows: more while all arrives, half when not.

Additive increase, multiplicative decrease, as TCP does it for a line of unknown width.
Source: D.-M. Chiu, R. Jain, Analysis of the increase and decrease algorithms for congestion
avoidance in computer networks, Computer Networks and ISDN Systems 17 (1989).
"""

__all__ = ["LEAST_WINDOW", "SendWindow"]

LEAST_WINDOW = 50
"""Messages that may always be under way; also the growth for each window that arrived."""


class SendWindow:
    """The window of one group of lanes.

    Args:
        most: messages under way at the most; the window begins there.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = float(most)
        self._halved = False

    @property
    def size(self) -> int:
        """Messages that may be under way now."""
        return int(self._size)

    def confirmed(self, count: int) -> None:
        """Take note that so many arrived."""
        self._halved = False
        self._size = min(float(self._most), self._size + LEAST_WINDOW * count / self._size)

    def missed(self) -> None:
        """Take note that something has to be sent again; once until something arrives."""
        if not self._halved:
            self._halved = True
            self._size = max(float(min(LEAST_WINDOW, self._most)), self._size / 2)
