"""Errors of the notices.

NoticeError
├── NoticePlanError   (permanent) the plan or a template contradicts itself, or lacks a secret
└── NoticeUnsent      (transient) a channel did not take a message; it is tried again
"""

from cloud_api.errors import ApiError
from runtime.errors import Permanent, Transient

__all__ = ["NoticeError", "NoticePlanError", "NoticeUnsent"]


class NoticeError(ApiError):
    """Base of the errors of this package."""


class NoticePlanError(NoticeError, Permanent):
    """The plan or a template contradicts itself, or a secret that it names is absent."""


class NoticeUnsent(NoticeError, Transient):
    """A channel did not take a message."""
