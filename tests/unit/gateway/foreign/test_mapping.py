"""Mapping files and device lists: what is wrong is said with line and column."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.foreign.byte_codec import compile_codec
from gateway.foreign.declaration import ByteValue, Codec
from gateway.foreign.document_path import flatten, look, parse_path
from gateway.foreign.mapping import compile_devices, compile_mapping
from gateway.foreign.sources import (
    ForeignFiles,
    ForeignSources,
    SourceText,
    compile_sources,
    shipped_mappings,
)
from runtime.errors import ConfigError
from tests.unit.gateway.foreign.golden import shipped

_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=10,
)
HEAD = "mapping: m\ntopics: [a/+]\ndevice: {topic_level: 1}\n"


@pytest.mark.parametrize("name", shipped_mappings())
def test_shipped_mapping_compiles(name: str) -> None:
    """What ships is right, and its id is its file's name."""
    assert shipped(name).id == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mapping: m\ntopics: [a/+]\n", "m.yaml:1:1: device: expected exactly one of topic_level"),
        (HEAD + "fields: [{from: a, to: depht_m}]\n", "m.yaml:4:24: fields[0].to: no profile has"),
        (
            HEAD + "fields:\n- {from: a, to: depth_m, unit: furlong}\n",
            "m.yaml:5:32: fields[0].unit: unit 'furlong' is unknown",
        ),
        (
            HEAD + "fields:\n- {from: a, to: depth_m, unit: kPa}\n",
            "m.yaml:5:32: fields[0].unit: unit 'kPa' does not fit water_level.depth_m",
        ),
        (
            HEAD + "fields:\n- {from: a, to: depth_m, profile: lake}\n",
            "m.yaml:5:35: fields[0].profile: profile 'lake' is unknown",
        ),
        ("mapping: m\ntopics: ['#']\n", "m.yaml:2:10: topics[0]: filter '#' would take in our own"),
        ("mapping: m\ntopics: [a/b#]\n", "m.yaml:2:10: topics[0]: topic filter 'a/b#'"),
        (HEAD + "at: {paths: [a..b]}\n", "m.yaml:4:14: at.paths[0]: path 'a..b': character 2"),
        (
            HEAD + "codecs: [{id: c, values: [{name: v, at: 0, type: u12be}]}]\n",
            "m.yaml:4:10: codecs[0]: type 'u12be'",
        ),
        (
            HEAD + "codecs: [{id: c, length: 2, values: [{name: v, at: 1, type: u16be}]}]\n",
            "m.yaml:4:10: codecs[0]: value 'v' at 1 lies beyond the 2 bytes",
        ),
        (HEAD + "feilds: []\n", "m.yaml:4:1: feilds: unknown key"),
    ],
    ids=[
        "no-device",
        "unknown-field",
        "unknown-unit",
        "wrong-unit",
        "unknown-profile",
        "our-topics",
        "bad-filter",
        "bad-path",
        "bad-type",
        "beyond-length",
        "unknown-key",
    ],
)
def test_wrong_mapping_is_refused_where_it_is_wrong(text: str, expected: str) -> None:
    """The error names file, line, column and what was expected."""
    with pytest.raises(ConfigError) as caught:
        compile_mapping(text, "m.yaml")

    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mapping": "x"}, "d.yaml:2:25: devices[0].mapping: mapping 'x' is unknown"),
        ({"profile": "lake"}, "devices[0].profile: profile 'lake' is unknown"),
        ({"profile": "camera"}, "devices[0].profile: profile 'camera': frigate speaks for"),
        ({"codec": "c9"}, "devices[0].codec: codec 'c9' is not in the mapping"),
    ],
    ids=["mapping", "profile", "camera", "codec"],
)
def test_wrong_device_is_refused_where_it_is_wrong(change: dict[str, str], expected: str) -> None:
    """A device list is checked against its mappings."""
    entry = {
        "subject": "s",
        "mapping": "chirpstack-v4",
        "foreign_id": "f",
        "profile": "noise",
        "district": "d",
        "site": "s",
        **change,
    }
    pairs = ", ".join(f"{key}: {value}" for key, value in entry.items())
    with pytest.raises(ConfigError) as caught:
        compile_devices(
            f"devices:\n- {{{pairs}}}\n", "d.yaml", {"chirpstack-v4": shipped("chirpstack-v4")}
        )

    assert expected in str(caught.value)


def test_device_listed_twice_is_refused() -> None:
    """A foreign id belongs to one sensor."""
    line = (
        "- {subject: %s, mapping: frigate, foreign_id: c, profile: camera, district: d, site: s}\n"
    )
    text = "devices:\n" + line % "a" + line % "b"
    (mapping,) = ForeignFiles(("frigate",), ()).read().mappings
    with pytest.raises(ConfigError, match=r"d.yaml:3:.*foreign_id: 'c' is listed twice"):
        compile_sources(ForeignSources((mapping,), (SourceText("d.yaml", text),)))


def test_unknown_shipped_mapping_lists_those_that_ship() -> None:
    """A typo in a name is answered with the names."""
    with pytest.raises(ConfigError, match=r"expected a path or chirpstack-v4, frigate"):
        ForeignFiles(("zigbee",), ()).read()


@settings(deadline=None)
@given(
    st.sampled_from([("u", 8), ("i", 8), ("u", 16), ("i", 24), ("u", 32), ("i", 64)]),
    st.sampled_from(["le", "be"]),
    st.data(),
)
def test_codec_reads_what_was_packed(
    kind: tuple[str, int], order: str, data: st.DataObject
) -> None:
    """Every integer type reads back the number that was written, at any place."""
    sign, bits = kind
    low, high = (0, 2**bits - 1) if sign == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    number = data.draw(st.integers(low, high))
    before = data.draw(st.binary(max_size=4))
    packed = number.to_bytes(bits // 8, "little" if order == "le" else "big", signed=sign == "i")
    name = f"{sign}{bits}" + ("" if bits == 8 else order)
    codec = compile_codec(
        Codec(id="c", encoding="hex", values=(ByteValue(name="v", at=len(before), type=name),))
    )

    assert codec.read({"data": (before + packed).hex()}) == {"v": float(number)}


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(max_size=4), _DOCUMENTS, max_size=4))
def test_any_document_can_be_flattened(document: object) -> None:
    """No document of a stranger can break the reader."""
    values = flatten({"root": document})

    assert all(isinstance(value, bool | float | str) for value in values.values())


def test_paths_look_into_objects_and_lists() -> None:
    """A path names one place, or says that nothing stands there."""
    document = {"a": [{"b": 7}]}

    assert look(document, parse_path("a[0].b")) == 7
    assert not isinstance(look(document, parse_path("a[1].b")), int)
