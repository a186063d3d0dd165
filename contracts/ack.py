"""ack.v1: the gateway's cumulative acknowledgement, sent after its journal commit."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.envelope import Channel, Id
from contracts.ids import BOOT_ID_PATTERN

__all__ = ["Ack"]


class Ack(Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ack.v1", tag_field="type"):
    """Every message of this boot and channel up to ``through_seq`` is journalled.

    ``through_seq`` -1: nothing is yet. ``resend``: a later message came and was turned away, because
    the lane is taken in order; what follows ``through_seq`` should be sent again at once.
    """

    box: Id
    boot_id: Annotated[str, Meta(pattern=BOOT_ID_PATTERN)]
    channel: Channel
    through_seq: Annotated[int, Meta(ge=-1)]
    resend: bool = False
