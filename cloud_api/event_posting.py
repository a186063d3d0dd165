"""Taking a posted body in: read, stored with its neighbours, answered after the commit."""

from typing import NamedTuple

import msgspec

from cloud_api.group_commit import GroupCommit
from cloud_api.intake import Outcome, Receipt, read_events, receipt
from cloud_api.metrics import Metrics
from cloud_api.problems import problem_object

__all__ = ["EventPosting", "Posted"]


class Posted(NamedTuple):
    """The answer to a post: 202 where anything was new, else 200; a JSON body."""

    status: int
    body: bytes


class EventPosting:
    """What ``POST /v1/events`` does, whichever way the request came.

    Args:
        group_commit: where posts wait for their common commit.
        metrics: where revisions are counted by outcome.
        batch_events: most events of one post.
    """

    def __init__(self, group_commit: GroupCommit, metrics: Metrics, batch_events: int) -> None:
        self._group_commit = group_commit
        self._batch_events = batch_events
        self._counters = {outcome: metrics.events.labels(outcome.value) for outcome in Outcome}
        self._invalid = metrics.events.labels("invalid")

    async def take(self, payload: bytes) -> Posted:
        """Store the events of a body once for each (event_id, rev).

        Raises:
            Problem: the body cannot be read, nothing could be stored, or its only event was refused.
        """
        reading = read_events(payload, self._batch_events)
        outcomes = await self._group_commit.submit(reading.incoming)
        counted = receipt(reading, outcomes)
        for outcome, counter in self._counters.items():
            count = outcomes.count(outcome)
            if count:
                counter.inc(count)
        if reading.rejected:
            self._invalid.inc(len(reading.rejected))
        if reading.single and counted.rejected:
            raise counted.rejected[0].problem
        return Posted(202 if counted.accepted else 200, _receipt_body(counted))


def _receipt_body(counted: Receipt) -> bytes:
    return msgspec.json.encode(
        {
            "accepted": counted.accepted,
            "duplicates": counted.duplicates,
            "rejected": [
                {"index": item.position, "problem": problem_object(item.problem)}
                for item in counted.rejected
            ],
        }
    )
