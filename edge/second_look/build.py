"""Builds what notices what a person should look at again, from a box's configuration."""

from pathlib import Path
from random import Random

from edge.config import EdgeConfig
from edge.evidence.desk import EvidenceDesk
from edge.model_store.keeper import ModelKeeper
from edge.second_look.post import ReviewPost
from edge.second_look.watch import SecondLook
from runtime.secret import read_secret

__all__ = ["build_second_look"]


def build_second_look(
    config: EdgeConfig,
    folder: Path,
    boot_id: str,
    desk: EvidenceDesk | None,
    models: ModelKeeper,
    rng: Random,
) -> SecondLook | None:
    """Return what watches over the box's seeing; None where nobody asks for it, or there is no API.

    Args:
        config: the box.
        folder: what relative paths in the configuration start from.
        boot_id: this run of the box.
        desk: makes pictures; None where none are taken.
        models: does work in the background, and tells where a candidate sees something else.
        rng: jitter between attempts.

    Raises:
        SecretError: the API's key cannot be read.
    """
    wanted, api = config.second_look, config.api
    if wanted is None or api is None or desk is None:
        return None
    file = None if api.key_file is None else str(folder / api.key_file)
    key = read_secret(file, None, f"api {api.url}")
    made = SecondLook(
        box=config.box.box,
        boot_id=boot_id,
        config=wanted,
        desk=desk,
        post=ReviewPost(folder / wanted.path, api.url, key, timeout_s=api.timeout_s),
        submit=models.submit,
        rng=rng,
    )
    models.disagreed = made.dispute
    return made
