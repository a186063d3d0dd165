"""What the Open311 facade can be told."""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = ["Open311Config"]


class Open311Config(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Open311 facade."""

    public: bool = True
    """Whether lists are read without a key, as Open311 has it. Default true."""
    jurisdiction_id: str = ""
    """The only jurisdiction that is served; another one in a request is 404. Default: any."""
    place_digits: Annotated[int, Meta(ge=2, le=7)] = 4
    """Decimal places of degrees in public answers; 4 are about 11 m. Default 4."""
    contact: str = "see the operator of this server"
    """What discovery says about whom to ask. No secret. Default a hint."""
