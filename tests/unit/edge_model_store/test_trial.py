"""A trial in a process of its own takes nobody along."""

from pathlib import Path

import pytest

from edge.model_store.trial import TrialOrder, run_trial
from models.bundles.packing import PackingPlan, describe_model
from runtime.bundles.errors import BundleUnfit
from tests.blob_network import write_blob_network, write_golden
from tests.unit.models_bundles.conftest import AT

pytestmark = [pytest.mark.slow]


def order(folder: Path) -> TrialOrder:
    """Return an order to try a network that finds red squares."""
    plan = PackingPlan(
        id="red-finder",
        version="1.0.0",
        counter=1,
        licence="Apache-2.0",
        network=write_blob_network(folder / "blob.onnx"),
        golden=write_golden(folder / "golden.png"),
    )
    manifest, _, picture = describe_model(plan, AT)
    return TrialOrder(
        network=str(plan.network),
        picture=picture,
        golden=manifest.golden,
        layout=manifest.layout,
        labels=manifest.labels,
        input_px=manifest.input_px,
        runtime="onnxruntime",
        threads=1,
        low_confidence=0.1,
        confidence=0.45,
        nms_iou=0.45,
    )


def test_a_good_model_passes(tmp_path: Path) -> None:
    """The other process loads it, looks at the golden picture and says how long a look takes."""
    assert run_trial(order(tmp_path), timeout_s=60.0).look_ms > 0.0


def test_a_trial_that_hangs_is_ended(tmp_path: Path) -> None:
    """After its time it has failed, and its process is gone."""
    with pytest.raises(BundleUnfit, match=r"longer than 0\.05 s"):
        run_trial(order(tmp_path), timeout_s=0.05)
