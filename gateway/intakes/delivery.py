"""What JetStream says about a message: the tokens of its acknowledgement subject."""

from typing import NamedTuple

__all__ = ["V1_TOKENS", "Delivery", "parse_delivery"]

V1_TOKENS = 9
"""Tokens of an acknowledgement subject of a hub without a domain."""
_V2_TOKENS = 12


class Delivery(NamedTuple):
    """One delivery of one message to one consumer."""

    stream_seq: int
    """Number of the message in its stream."""
    consumer_seq: int
    """Number of the delivery at the consumer; consecutive from 1, repetitions included."""
    stored_ns: int
    """When the stream took the message, nanoseconds since 1970."""
    waiting: int
    """Messages behind it that the consumer has not delivered yet."""


def parse_delivery(reply: str) -> Delivery:
    """Return what an acknowledgement subject says.

    ``$JS.ACK.stream.consumer.delivered.stream_seq.consumer_seq.ns.waiting``, and with a domain two
    more tokens before and one behind. Source: NATS ADR-15, and nats-py's ``Msg.Metadata``.

    Raises:
        ValueError: it is no such subject.
    """
    tokens = reply.split(".")
    if tokens[:2] != ["$JS", "ACK"] or len(tokens) not in {V1_TOKENS, _V2_TOKENS - 1, _V2_TOKENS}:
        raise ValueError(f"reply subject {reply[:120]!r}: expected $JS.ACK with 9, 11 or 12 tokens")
    first = 5 if len(tokens) == V1_TOKENS else 7
    stream_seq, consumer_seq, stored_ns, waiting = tokens[first : first + 4]
    return Delivery(int(stream_seq), int(consumer_seq), int(stored_ns), int(waiting))
