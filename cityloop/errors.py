"""Errors of the all-in-one stack.

StackError
├── ProcessDied    a part ended by itself, or did not end when asked
├── NotReady       a part did not become healthy in time
├── AuditError     the books of a run could not be read
├── ExamError      an exam did not take place
└── FleetRefused   the API did not answer, or refused, what was asked of the fleet
"""

__all__ = ["AuditError", "ExamError", "FleetRefused", "NotReady", "ProcessDied", "StackError"]


class StackError(RuntimeError):
    """Base of the stack's errors."""


class ProcessDied(StackError):
    """A supervised process ended although nobody asked it to."""


class NotReady(StackError):
    """A part was started but did not answer its health check in time."""


class AuditError(StackError):
    """A ledger, a journal or the API's list could not be read, so nothing can be claimed."""


class ExamError(StackError):
    """The stack under test did not really run, so no mark can be given."""


class FleetRefused(StackError):
    """The API did not answer, or refused, what was asked of the fleet."""
