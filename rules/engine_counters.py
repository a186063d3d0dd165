"""What an engine counts."""

from typing import Final

__all__ = ["COUNTERS"]

COUNTERS: Final = (
    *("late", "ahead", "unkeyed", "unwatched", "unknown", "bad_state", "unaddressed"),
    *("refused", "guarded", "throttled", "unplaced", "crowded", "reordered", "revised", "delayed"),
)
"""Names of the counters:

- ``late``: older than the key's last sample by more than its rule allows, not judged;
- ``reordered``: late, and judged in its place;
- ``revised``: statements that late samples changed;
- ``delayed``: words of members of a signal that came too late for their place, judged in the key's present;
- ``ahead``: dated too far in the future, judged at arrival;
- ``unkeyed``: a name of the rule's key is missing;
- ``unwatched``: no rule reads it;
- ``unknown``: judgements with an unknown condition that differed from the one before;
- ``bad_state``: snapshots refused by restore;
- ``refused``: states that a new version of their rule could not take over;
- ``unaddressed``: control messages about an event, rule or key that is not there;
- ``guarded``, ``throttled``: commands to devices held back by their guard or their limit;
- ``unplaced``: samples without a row in the table of places, or near none;
- ``crowded``: members of a signal refused.
"""
