"""Disks that can be cut, hubs that are ended, both after each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cityloop.hub.config import HubConfig
from cityloop.hub.supervisor import Hub
from tests.e2e.faults.power import CuttableDisk, DiskRefused


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[CuttableDisk]:
    """Yield a disk whose power can be cut; skip where none can be mounted."""
    folder = tmp_path / "power"
    folder.mkdir()
    try:
        mounted = CuttableDisk(folder)
    except DiskRefused as error:
        pytest.skip(f"no disk can be cut here: {error}")
    yield mounted
    mounted.detach()


@pytest.fixture
def start_hub() -> Iterator[Callable[[HubConfig], Hub]]:
    """Yield a function that starts hubs; they are ended after the test."""
    started: list[Hub] = []

    def start(config: HubConfig) -> Hub:
        hub = Hub(config)
        started.append(hub)
        hub.start()
        return hub

    yield start
    for hub in started:
        hub.stop()


@pytest.fixture
def at_end() -> Iterator[ExitStack]:
    """Yield a list of things to end after the test, the youngest first."""
    with ExitStack() as stack:
        yield stack
