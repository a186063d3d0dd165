"""Checking a scene with the code of the box, and trying it on stored tracks, before it is sent there."""

import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from cloud_api.cameras.views import (
    SceneBody,
    SceneCheckBody,
    SceneCheckView,
    SceneTrialBody,
    SceneTrialView,
)
from cloud_api.errors import InternalFault, InvalidInput
from cloud_api.packs.book import PackText
from cloud_api.packs.trial import answer_of, stored_data, write_pack
from cloud_api.trials.bench import Bench

__all__ = ["check_scene", "refuse_faults", "try_scene"]

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


def try_scene(
    bench: Bench,
    camera: str,
    asked: SceneTrialBody,
    running: SceneBody | None,
    packs: Mapping[str, PackText],
    since: datetime,
) -> SceneTrialView:
    """Return what a camera would have told with a scene, and what rules would have made of it.

    Args:
        bench: where it runs, and which stored data there is.
        camera: whose tracks.
        asked: the scene that is tried.
        running: the scene that runs, tried on the same tracks; None: it is not known.
        packs: the rules, by pack.
        since: tracks from this time on.

    Raises:
        InvalidInput: there is no data, or the box would refuse the scene; the tool's own words.
        TrialsBusy, TrialTooLong, ToolMissing: as for :meth:`Bench.run`.
    """
    if bench.config.data is None:
        raise InvalidInput("no stored data is configured here (trials.data of the API)")
    scenes = {"drawn": asked.scene} | ({} if running is None else {"running": running})
    with tempfile.TemporaryDirectory(prefix="cityloop-redraw-") as made:
        folder = Path(made)
        for name, pack in packs.items():
            write_pack(folder / "packs", name, pack)
        for name, scene in scenes.items():
            (folder / f"{name}.json").write_text(scene.model_dump_json(), encoding="utf-8")
        words = [
            *("rules", "redraw", *(("packs",) if packs else ()), "--camera", camera),
            *("--from", stored_data(bench), "--since", since.isoformat(), "--json"),
            *("--width", str(asked.width), "--height", str(asked.height)),
            *(word for name in scenes for word in ("--scene", f"{name}.json")),
        ]
        outcome = bench.run("cityloop", words, folder=folder)
    found = answer_of(outcome, "rules redraw", fine=(0,))
    told = dict(zip(scenes, found.pop("scenes"), strict=True))
    return SceneTrialView.model_validate(
        {**found, "packs": len(packs), "drawn": told["drawn"], "running": told.get("running")}
    )
