"""Errors of the orders.

OrderError
├── MappingError    (permanent) a mapping contradicts itself, or a golden message does not come out
├── OrderUnread     (permanent) a document or an order in it cannot be read by its mapping
└── SourceSilent    (transient) a polled source does not answer, or not as expected
"""

from cloud_api.errors import ApiError
from runtime.errors import Permanent, Transient

__all__ = ["MappingError", "OrderError", "OrderUnread", "SourceSilent"]


class OrderError(ApiError):
    """Base of the errors of this package."""


class MappingError(OrderError, Permanent):
    """A mapping contradicts itself."""


class OrderUnread(OrderError, Permanent):
    """A document, or an order in it, cannot be read."""


class SourceSilent(OrderError, Transient):
    """A polled source does not answer."""
