"""A packed model, made once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from models.bundles.packing import PackingPlan, pack_model
from runtime.bundles.trust import new_private_key
from tests.blob_network import write_blob_network, write_golden

AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    """Return a key that signs."""
    return new_private_key()


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory, key: Ed25519PrivateKey) -> Path:
    """Return a signed bundle of a network that finds red squares."""
    folder = tmp_path_factory.mktemp("bundle")
    plan = PackingPlan(
        id="red-finder",
        version="1.0.0",
        counter=1,
        licence="Apache-2.0",
        network=write_blob_network(folder / "blob.onnx"),
        golden=write_golden(folder / "golden.png"),
    )
    pack_model(plan, folder / "red-finder-1.0.0.clmodel", [key], AT)
    return folder / "red-finder-1.0.0.clmodel"
