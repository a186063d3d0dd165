"""What the API speaks to that exists more than once."""

from typing import Protocol

from contracts.control import Control

__all__ = ["ControlSink"]


class ControlSink(Protocol):
    """Takes control messages down to the gateways; two: MQTT, and in memory."""

    def send(self, district: str, control: Control) -> bool:
        """Hand one message over; False when it was not taken, and then it is lost."""
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...
