"""Errors of the wire vocabulary.

ContractError
├── IdError         an id that breaks the pattern
├── TopicError      a topic that is not ours, or not well formed
├── UnitError       a unit that is unknown or of another dimension
└── MessageError    a payload that is not the message it claims to be

All are permanent: the same input fails the same way again, so nobody retries on them.
"""

__all__ = ["ContractError", "IdError", "MessageError", "TopicError", "UnitError"]


class ContractError(ValueError):
    """Base of every error of this package; permanent, never retried."""


class IdError(ContractError):
    """An id does not match ``[a-z0-9-]{1,64}``."""


class TopicError(ContractError):
    """A topic is not one of ours, or a level of it is malformed."""


class UnitError(ContractError):
    """A unit is unknown, or belongs to another dimension than was asked for."""


class MessageError(ContractError):
    """A payload is malformed, of an unknown type, or breaks a field's constraint."""
