"""A bundle is taken whole and signed by somebody who is trusted, or not at all."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.bundles.bundle_file import read_bundle, write_bundle
from runtime.bundles.errors import BundleBroken, BundleError, BundleOversized, BundleUntrusted
from runtime.bundles.trust import TrustBook, key_id_of, new_private_key, public_bytes_of

AT = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)


def book_of(*keys: Ed25519PrivateKey) -> TrustBook:
    """Return a book that trusts these keys."""
    book = TrustBook()
    for key in keys:
        book = book.trust(public_bytes_of(key), "", AT)
    return book


def test_a_sound_bundle_names_its_signer(packed: Path, key: Ed25519PrivateKey) -> None:
    """Verification returns the id of the trusted key."""
    assert read_bundle(packed).verify(book_of(key)) == key_id_of(public_bytes_of(key))


def test_the_manifest_tells_what_the_model_is(packed: Path) -> None:
    """Labels, layout, input and the golden boxes were seen by looking at the model."""
    manifest = read_bundle(packed).manifest

    assert (manifest.labels, manifest.layout) == (("car", "person"), "ultralytics-nms")
    assert manifest.input_px == (64, 64)
    assert [box.label for box in manifest.golden.boxes] == ["car"]
    assert manifest.golden.boxes[0].box_xyxy == pytest.approx(
        (0.375, 0.4375, 0.625, 0.6875), abs=0.02
    )


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0.0, 0.999999), bit=st.integers(0, 7))
def test_a_changed_bit_anywhere_is_found(
    packed: Path, key: Ed25519PrivateKey, tmp_path: Path, share: float, bit: int
) -> None:
    """Whatever bit is flipped, nothing of the bundle is believed."""
    content = bytearray(packed.read_bytes())
    content[int(share * len(content))] ^= 1 << bit
    changed = tmp_path / "changed.clmodel"
    changed.write_bytes(content)

    with pytest.raises(BundleError):
        read_bundle(changed).verify(book_of(key))


@pytest.mark.parametrize("kept", [0, 5, 11, 40, 700, -1], ids=str)
def test_a_truncated_bundle_is_broken(packed: Path, tmp_path: Path, kept: int) -> None:
    """A bundle that was cut off anywhere says so."""
    cut = tmp_path / "cut.clmodel"
    cut.write_bytes(packed.read_bytes()[:kept])

    with pytest.raises(BundleBroken):
        read_bundle(cut)


def test_bytes_at_the_end_break_a_bundle(packed: Path, tmp_path: Path) -> None:
    """Nothing may hide behind what the manifest vouches for."""
    longer = tmp_path / "longer.clmodel"
    longer.write_bytes(packed.read_bytes() + b"x")

    with pytest.raises(BundleBroken, match="longer than it says"):
        read_bundle(longer)


def test_a_large_bundle_is_not_even_read(packed: Path) -> None:
    """The limit is looked at first."""
    with pytest.raises(BundleOversized, match="expected at most 100"):
        read_bundle(packed, most_bytes=100)


def test_a_stranger_signature_is_not_enough(packed: Path) -> None:
    """Somebody else's key signs nothing here."""
    with pytest.raises(BundleUntrusted, match="is not trusted here"):
        read_bundle(packed).verify(book_of(new_private_key()))


def test_a_revoked_key_signs_nothing(packed: Path, key: Ed25519PrivateKey) -> None:
    """What a key signed before it was revoked is worth nothing either."""
    key_id = key_id_of(public_bytes_of(key))
    book = book_of(key).revoke(key_id, "lost", AT)

    with pytest.raises(BundleUntrusted, match="was revoked"):
        read_bundle(packed).verify(book)


def _signed_by(packed: Path, out: Path, *keys: Ed25519PrivateKey) -> Path:
    bundle = read_bundle(packed)
    write_bundle(
        out,
        bundle.manifest,
        network=bundle.network(),
        picture=bundle.golden_picture(),
        keys=keys,
    )
    return out


def test_an_unsigned_bundle_is_refused(
    packed: Path, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    """Without a signature nothing is believed."""
    bare = _signed_by(packed, tmp_path / "bare.clmodel")

    with pytest.raises(BundleUntrusted, match="it is not signed"):
        read_bundle(bare).verify(book_of(key))


def test_two_signatures_let_keys_change_over(
    packed: Path, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    """Boxes that know the old key and boxes that know the new one take the same bundle."""
    new = new_private_key()
    both = read_bundle(_signed_by(packed, tmp_path / "both.clmodel", key, new))
    moved = book_of(key, new).revoke(key_id_of(public_bytes_of(key)), "rotated", AT)

    assert both.verify(book_of(key)) == key_id_of(public_bytes_of(key))
    assert both.verify(moved) == key_id_of(public_bytes_of(new))


def test_a_signature_for_another_manifest_does_not_fit(
    packed: Path, key: Ed25519PrivateKey, tmp_path: Path
) -> None:
    """A good signature moved to other words is found."""
    bundle = read_bundle(packed)
    content = packed.read_bytes().replace(b'"counter":1', b'"counter":9')
    other = tmp_path / "other.clmodel"
    other.write_bytes(content)

    assert bundle.manifest.counter == 1
    with pytest.raises(BundleUntrusted, match="does not fit"):
        read_bundle(other).verify(book_of(key))
