"""Errors of the edge box.

EdgeError
├── CameraError                 anything about one camera; carries its name
│   ├── CameraFault  Transient  refused, stalled, corrupt, closed by the other side: reconnect
│   ├── CameraSetup  Permanent  a file or an option that no retry can cure: a person acts
│   └── CameraEnded             a file came to its clean end; not a fault, never retried
├── ModelError       Permanent  a model that is missing, not ONNX, or of an unknown layout
├── InferenceFault   Transient  a network that failed on one frame, or answered NaN to it
├── FetchFailed      Transient  a signed model that could not be fetched; it is tried again
├── EnrolmentFailed  Permanent  the API did not take the one-time token
├── DesiredRefused   Permanent  a section of a desired configuration that this box cannot run
└── SetupRefused     Permanent  what the installer's page sent cannot become a configuration

Transient and Permanent come from :mod:`runtime.errors`; nothing else decides whether to retry.
"""

from runtime.errors import Permanent, Transient

__all__ = [
    "CameraEnded",
    "CameraError",
    "CameraFault",
    "CameraSetup",
    "DesiredRefused",
    "EdgeError",
    "EnrolmentFailed",
    "FetchFailed",
    "InferenceFault",
    "ModelError",
    "SetupRefused",
]


class EdgeError(Exception):
    """Base of every error of this package."""


class CameraError(EdgeError):
    """Something about one camera.

    Args:
        camera: the camera's id.
        message: what happened, what was expected, what to do; credentials already redacted.
    """

    def __init__(self, camera: str, message: str) -> None:
        self.camera = camera
        super().__init__(f"camera {camera!r}: {message}")


class CameraFault(CameraError, Transient):
    """A camera refused, stalled, sent rubbish or hung up; trying again may help."""


class CameraSetup(CameraError, Permanent):
    """A camera's address or options are wrong; only a person can put it right."""


class CameraEnded(CameraError):
    """A recorded source came to its clean end."""


class ModelError(EdgeError, Permanent):
    """A model file is missing, is not ONNX, or has a layout that is not known here."""


class InferenceFault(EdgeError, Transient):
    """A network failed on one frame, or answered numbers that are none; the next may be fine."""


class FetchFailed(EdgeError, Transient):
    """A signed model could not be fetched; trying again may help."""


class EnrolmentFailed(EdgeError, Permanent):
    """The API did not answer or did not take the token; a person has to look."""


class DesiredRefused(EdgeError, Permanent):
    """A section of a desired configuration is wrong; the box goes on with what it has."""


class SetupRefused(EdgeError, Permanent):
    """What the installer's page sent cannot become a configuration; the message says what to change."""
