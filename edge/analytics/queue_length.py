"""How long a queue is 排队长度: who stands in line, from end to end."""

import math
from collections.abc import Sequence

__all__ = ["queue_length_m"]

_NEIGHBOUR_M = 15.0
"""Longest gap between two who stand in one queue, metres: a lorry's length. Source: expert setting."""


def queue_length_m(places: Sequence[tuple[float, float]]) -> float:
    """Return how long the longest queue of standing tracks is, metres from first to last.

    Who stands within 15 m of another stands in the same queue; the length is the greatest distance
    between two of it, and 0 for who stands alone.

    Args:
        places: metres east and north of the standing tracks, in any order.
    """
    waiting = list(range(len(places)))
    longest_m = 0.0
    while waiting:
        queue = [waiting.pop()]
        for member in queue:
            near = [
                one for one in waiting if math.dist(places[one], places[member]) <= _NEIGHBOUR_M
            ]
            queue += near
            waiting = [one for one in waiting if one not in near]
        ends = [math.dist(places[one], places[other]) for one in queue for other in queue]
        longest_m = max(longest_m, *ends)
    return longest_m
