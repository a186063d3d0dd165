"""Which network looked, whatever its version."""

import pytest

from contracts.review import network_name


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("smoke-2.0.0-1a2b3c4d", "smoke"),
        ("smoke-1a2b3c4d", "smoke"),
        ("smoke-water-10.20.30-rc.1-1a2b3c4d", "smoke-water"),
        ("yolox_nano-1a2b3c4d", "yolox_nano"),
        ("yolo-11-1a2b3c4d", "yolo-11"),
        ("smoke", "smoke"),
        ("background", "background"),
        ("", ""),
    ],
)
def test_the_name_is_what_all_versions_share(model: str, name: str) -> None:
    """Version and hash are taken off; a name has nothing to take off."""
    assert network_name(model) == name
    assert network_name(name) == name
