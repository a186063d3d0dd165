"""Whatever is wrong with a bundle, the old model keeps running, and the box says why."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from runtime.bundles.bundle_file import read_bundle, write_bundle
from runtime.bundles.manifest import Part
from runtime.bundles.trust import (
    key_id_of,
    load_trust,
    new_private_key,
    public_bytes_of,
    save_trust,
)
from tests.contract.edge_vision.tiny_models import write_model
from tests.integration.edge_model_store.model_box import MODEL, START, ModelBox, drive
from tests.integration.edge_model_store.registry_server import served

pytestmark = [pytest.mark.slow]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[ModelBox]:
    """Return a box that watches a red square."""
    with served() as registry:
        made = ModelBox(tmp_path, registry, drive(60.0))
        yield made
        made.agent.close()


def assert_unharmed(box: ModelBox, *, own: bool = True) -> None:
    """Assert that the old model looks, and that one and the same car was tracked all the time."""
    states = [state for said in box.tracks for state in said.tracks]

    assert box.model_id.startswith("own-" if own else "red-finder-1.0.0-")
    assert {state.track for state in states} == {1}
    assert all(said.tracks for said in box.tracks[1:])


def tampered(box: ModelBox) -> bytes:
    """Return a bundle of which one byte of the network was changed."""
    content = bytearray(box.pack("1.1.0", 2))
    content[-2000] ^= 1
    return bytes(content)


def truncated(box: ModelBox) -> bytes:
    """Return the first half of a bundle."""
    content = box.pack("1.1.0", 2)
    return content[: len(content) // 2]


def unsigned(box: ModelBox) -> bytes:
    """Return a bundle that nobody has signed."""
    return box.pack("1.1.0", 2, keys=[])


def wrongly_signed(box: ModelBox) -> bytes:
    """Return a bundle that a stranger has signed."""
    return box.pack("1.1.0", 2, keys=[new_private_key()])


def oversized(box: ModelBox) -> bytes:
    """Return a bundle with more bytes than the box takes."""
    return box.pack("1.1.0", 2) + bytes(200_000)


def of_unknown_layout(box: ModelBox) -> bytes:
    """Return a bundle whose layout this box cannot read."""
    box.pack("1.1.0", 2)
    path = box.folder / "packed-1.1.0.clmodel"
    return _signed_again(box, path, layout="detr")


def of_another_layout(box: ModelBox) -> bytes:
    """Return a bundle whose network does not have the layout that the manifest names."""
    box.pack("1.1.0", 2)
    return _signed_again(box, box.folder / "packed-1.1.0.clmodel", layout="yolox")


def for_a_newer_agent(box: ModelBox) -> bytes:
    """Return a bundle that needs a cityloop of the future."""
    return box.pack("1.1.0", 2, plan={"minimum_agent": "99.0.0"})


def without_the_class(box: ModelBox) -> bytes:
    """Return a bundle that does not know the class that the camera names."""
    return box.pack("1.1.0", 2, network={"labels": ("lorry", "person")})


def of_another_model(box: ModelBox) -> bytes:
    """Return a bundle of another model under the name of this one."""
    return box.pack("1.1.0", 2, plan={"id": "smoke-finder"})


def with_nan(box: ModelBox) -> bytes:
    """Return a bundle whose network answers NaN to every picture."""
    answer = np.full((1, 1, 6), np.nan, np.float32)
    return _with_network(box, write_model(box.folder / "nan.onnx", answer).read_bytes())


def that_fails_the_self_test(box: ModelBox) -> bytes:
    """Return a bundle whose network does not find in the golden picture what was found before."""
    answer = np.zeros((1, 1, 6), np.float32)
    return _with_network(box, write_model(box.folder / "blind.onnx", answer).read_bytes())


def that_is_no_network(box: ModelBox) -> bytes:
    """Return a bundle that holds something else."""
    return _with_network(box, b"GIF89a")


def _with_network(box: ModelBox, content: bytes) -> bytes:
    """Return a well signed bundle with another network in it."""
    box.pack("1.1.0", 2)
    part = Part(size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    return _signed_again(box, box.folder / "packed-1.1.0.clmodel", content, network=part)


def _signed_again(
    box: ModelBox, path: Path, content: bytes | None = None, **changes: object
) -> bytes:
    bundle = read_bundle(path)
    write_bundle(
        path,
        msgspec.structs.replace(bundle.manifest, **changes),
        network=bundle.network() if content is None else content,
        picture=bundle.golden_picture(),
        keys=[box.key],
    )
    return path.read_bytes()


CASES: list[tuple[Callable[[ModelBox], bytes], str]] = [
    (tampered, "was changed or damaged"),
    (truncated, "truncated"),
    (unsigned, "it is not signed"),
    (wrongly_signed, "is not trusted here"),
    (oversized, "this box takes 200000 at most"),
    (of_unknown_layout, "its layout 'detr' is unknown here"),
    (of_another_layout, "which is not the layout 'yolox'"),
    (for_a_newer_agent, "it needs cityloop 99.0.0 or newer"),
    (without_the_class, "it has no class car"),
    (of_another_model, "the bundle holds smoke-finder 1.1.0"),
    (with_nan, "not finite (NaN)"),
    (that_fails_the_self_test, "the self-test fails: car at"),
    (that_is_no_network, "not a usable ONNX file"),
]


@pytest.mark.parametrize(("make", "reason"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_a_bad_bundle_is_refused(
    box: ModelBox, make: Callable[[ModelBox], bytes], reason: str
) -> None:
    """The reason is in the report of the configuration, and the camera notices nothing."""
    box.run(1.0)
    box.wish("1.1.0", make(box))
    box.run(4.0)

    assert box.result.startswith("refused: ")
    assert reason in box.result
    assert_unharmed(box)


def test_bytes_that_were_changed_on_the_way_are_fetched_again(box: ModelBox) -> None:
    """A hash that does not fit the wish keeps nothing on disk; the right bytes are taken later."""
    good = box.pack("1.1.0", 2)
    box.wish("1.1.0", good)
    box.registry.bundles[MODEL, "1.1.0"] = good[:-1] + bytes([good[-1] ^ 1])
    box.run(1.0)
    refused = box.result
    box.registry.bundles[MODEL, "1.1.0"] = good
    box.run(8.0)

    assert "changed on the way" in refused
    assert box.result == "applied"


def test_an_older_bundle_is_refused_after_a_newer_one(box: ModelBox) -> None:
    """What was good once does not come back by itself: its counter is too low."""
    older = box.pack("0.9.0", 4)
    box.wish("1.0.0", box.pack("1.0.0", 5))
    box.run(5.0)
    box.wish("0.9.0", older)
    box.run(3.0)

    assert "it is older than what has run here: counter 4, expected more than 5" in box.result
    assert_unharmed(box, own=False)


def test_a_download_goes_on_where_it_broke_off(box: ModelBox) -> None:
    """Every attempt asks only for what is missing."""
    content = box.pack("1.1.0", 2)
    box.registry.break_after = 10_000
    box.wish("1.1.0", content)
    box.run(16.0)
    begins = [int(one.removeprefix("bytes=").rstrip("-") or 0) for one in box.registry.asked]

    assert box.result == "applied"
    assert begins == list(range(0, len(content), 10_000))


def test_a_registry_that_is_away_costs_nothing(box: ModelBox) -> None:
    """The box waits, says so, and takes the bundle once it can be had."""
    content = box.pack("1.1.0", 2)
    box.wish("1.1.0", content)
    del box.registry.bundles[MODEL, "1.1.0"]
    box.run(1.0)
    waiting = box.result
    box.registry.bundles[MODEL, "1.1.0"] = content
    box.run(8.0)

    assert waiting.startswith("waiting: ")
    assert "answered 404" in waiting
    assert box.result == "applied"


def test_a_key_that_is_trusted_later_is_enough(box: ModelBox) -> None:
    """The book of keys is read again with every attempt."""
    stranger = new_private_key()
    box.wish("1.1.0", box.pack("1.1.0", 2, keys=[stranger]))
    box.run(1.0)
    refused = box.result
    book = box.folder / "model-keys.json"
    save_trust(book, load_trust(book).trust(public_bytes_of(stranger), "new", START))
    box.run(8.0)

    assert "is not trusted here" in refused
    assert box.result == "applied"


def test_a_revoked_key_takes_its_models_along(box: ModelBox) -> None:
    """After its key was revoked, a model is not started again: the camera's own file is."""
    box.wish("1.0.0", box.pack("1.0.0", 5))
    box.run(5.0)
    book = box.folder / "model-keys.json"
    key_id = key_id_of(public_bytes_of(box.key))
    save_trust(book, load_trust(book).revoke(key_id, "stolen", START))
    box.cut_power()
    box.run(1.0)

    assert box.model_id.startswith("own-")
    assert "was revoked" in box.result
