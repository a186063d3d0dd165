"""Builds what looks after the signed models of a box, from its configuration."""

from importlib.metadata import version
from pathlib import Path
from random import Random
from threading import Event

from edge.config import EdgeConfig
from edge.model_store.fetcher import Fetcher
from edge.model_store.keeper import ModelKeeper
from edge.model_store.preparation import Preparation
from edge.model_store.shelf import Shelf
from edge.model_store.trial import run_trial, run_trial_here
from runtime.secret import read_secret

__all__ = ["build_keeper"]


def build_keeper(config: EdgeConfig, folder: Path, rng: Random, *, threaded: bool) -> ModelKeeper:
    """Return what looks after the signed models of a box.

    Args:
        config: the box.
        folder: what relative paths in the configuration start from.
        rng: jitter between attempts.
        threaded: False does everything within the agent's step.

    Raises:
        SecretError: the API's key cannot be read.
    """
    store, stop = config.model_store, Event()
    shelf = Shelf(folder / store.path, most_bytes=store.most_bytes)
    fetcher = None
    if config.api is not None:
        file = None if config.api.key_file is None else str(folder / config.api.key_file)
        key = read_secret(file, None, f"api {config.api.url}")
        fetcher = Fetcher(shelf, config.api.url, key, timeout_s=config.api.timeout_s, stop=stop)
    # what runs within one step runs in one process
    trial = run_trial if threaded else run_trial_here
    preparation = Preparation(
        store, shelf, folder / store.trust, fetcher, version("cityloop"), trial
    )
    return ModelKeeper(store, folder, shelf, preparation, fetcher, stop, threaded=threaded, rng=rng)
