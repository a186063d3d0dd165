"""Events handed to a callable in the same process."""

from collections.abc import Callable, Sequence

__all__ = ["CallableSink"]


class CallableSink:
    """Gives each batch of encoded events to a function, which raises what an API would answer.

    Args:
        take: called with the batch; raises SinkUnavailableError or EventRefusedError.
    """

    def __init__(self, take: Callable[[Sequence[bytes]], None]) -> None:
        self._take = take

    def deliver(self, events: Sequence[bytes]) -> None:
        """Hand over a batch."""
        self._take(events)

    def close(self) -> None:
        """Do nothing: there is no connection."""
