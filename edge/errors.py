"""Errors of the edge box.

EdgeError
├── CameraError                 anything about one camera; carries its name
│   ├── CameraFault  Transient  refused, stalled, corrupt, closed by the other side: reconnect
│   ├── CameraSetup  Permanent  a file or an option that no retry can cure: a person acts
│   └── CameraEnded             a file came to its clean end; not a fault, never retried
└── ModelError       Permanent  a model that is missing, not ONNX, or of an unknown layout

Transient and Permanent come from :mod:`runtime.errors`; nothing else decides whether to retry.
"""

from runtime.errors import Permanent, Transient

__all__ = [
    "CameraEnded",
    "CameraError",
    "CameraFault",
    "CameraSetup",
    "EdgeError",
    "ModelError",
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
