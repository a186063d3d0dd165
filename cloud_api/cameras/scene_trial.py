"""Checking a scene with the code of the box, before it is sent there."""

import tempfile
from pathlib import Path

import msgspec

from cloud_api.cameras.views import SceneBody, SceneCheckBody, SceneCheckView
from cloud_api.errors import InternalFault, InvalidInput
from cloud_api.trials.bench import Bench

__all__ = ["check_scene", "refuse_faults"]

_ANY = (1600, 900)
"""Size of a picture that nobody named: whether a box takes a scene does not hang on it."""


def check_scene(bench: Bench, asked: SceneCheckBody) -> SceneCheckView:
    """Return what the box would say to a scene.

    Raises:
        TrialsBusy, TrialTooLong, ToolMissing: as for :meth:`Bench.run`.
    """
    given = asked.model_dump_json().encode()
    with tempfile.TemporaryDirectory(prefix="cityloop-scene-") as folder:
        outcome = bench.run("edge", ["scene"], folder=Path(folder), given=given)
    if outcome.status != 0:
        raise InternalFault(f"cityloop edge scene ended with {outcome.status}: {outcome.errors}")
    found = msgspec.json.decode(outcome.output)
    return SceneCheckView.model_validate(found)


def refuse_faults(bench: Bench, scene: SceneBody) -> None:
    """Do nothing where the box would take a scene.

    Raises:
        InvalidInput: it would not; every fault is named.
        TrialsBusy, TrialTooLong, ToolMissing: as for :meth:`Bench.run`.
    """
    found = check_scene(bench, SceneCheckBody(scene=scene, width=_ANY[0], height=_ANY[1]))
    if not found.faults:
        return
    said = [
        {
            "field": one.part if one.number is None else f"{one.part}[{one.number}]",
            "detail": one.message,
        }
        for one in found.faults
    ]
    raise InvalidInput(f"{said[0]['field']}: {said[0]['detail']}", members={"errors": said[:20]})
