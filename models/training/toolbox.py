"""Libraries that training needs and nothing else does: named before they are missed."""

from importlib.util import find_spec

from models.training.errors import LicenceNotAccepted, TrainerMissing

__all__ = ["need_torch", "need_ultralytics"]


def need_torch() -> None:
    """Refuse to go on without torch and what exports its networks.

    Raises:
        TrainerMissing: one of them is not installed; the message says how to get it.
    """
    missing = [
        name for name in ("torch", "onnx", "onnxscript", "matplotlib") if find_spec(name) is None
    ]
    if missing:
        raise TrainerMissing(
            f"training needs {', '.join(missing)}: run `make trainer` and then "
            "`.venv-train/bin/cityloop models train`, or: pip install 'cityloop[trainer]' (CPU wheels: "
            "add --extra-index-url https://download.pytorch.org/whl/cpu)"
        )


def need_ultralytics(arch: str, *, accepted: bool) -> None:
    """Refuse AGPL-3.0 code that nobody said yes to, and go on only where it is installed.

    Raises:
        LicenceNotAccepted: nobody said yes.
        TrainerMissing: ultralytics is not installed.
    """
    if not accepted:
        raise LicenceNotAccepted(
            f"architecture {arch} comes from ultralytics, which is under AGPL-3.0: who ships its code, or "
            "a network that it made, or lets others use them over a network, owes them the source of the "
            "whole work, unless he buys a licence. Say --accept-agpl if that is what you want; the own "
            "architectures (street-nano, street-thin) are under Apache-2.0"
        )
    if find_spec("ultralytics") is None:
        raise TrainerMissing(
            "ultralytics is not installed: pip install 'cityloop[train]' in an environment of its own "
            "(it brings opencv-python, which must not lie beside opencv-python-headless)"
        )
