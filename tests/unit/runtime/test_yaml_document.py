"""The YAML loader: YAML 1.2 values, refusals, and errors that give line and column."""

import math
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from runtime.errors import ConfigError, Permanent
from runtime.yaml_document import convert, load_config, load_document, parse_document


class Colour(StrEnum):
    """A choice."""

    RED = "red"
    BLUE = "blue"


class FileSource(Struct, frozen=True, forbid_unknown_fields=True, tag="file", tag_field="kind"):
    """One kind of source."""

    path: str


class RtspSource(Struct, frozen=True, forbid_unknown_fields=True, tag="rtsp", tag_field="kind"):
    """Another kind of source."""

    url: str


class Camera(Struct, frozen=True, forbid_unknown_fields=True):
    """A camera, for these tests."""

    fps: int
    name: str = ""
    colour: Colour = Colour.RED
    source: FileSource | RtspSource | None = None
    since: datetime | None = None


class City(Struct, frozen=True, forbid_unknown_fields=True):
    """A configuration, for these tests."""

    cameras: list[Camera] = []
    by_name: dict[str, Camera] = {}
    by_number: dict[int, str] = {}
    ratio: float = 0.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("on", "on", id="on"),
        pytest.param("no", "no", id="no"),
        pytest.param("Yes", "Yes", id="yes"),
        pytest.param("22:00", "22:00", id="time of day"),
        pytest.param("1:30:00", "1:30:00", id="sexagesimal"),
        pytest.param("2026-11-22", "2026-11-22", id="date"),
        pytest.param("0o17", "0o17", id="octal 1.2"),
        pytest.param("0x1F", "0x1F", id="hexadecimal"),
        pytest.param("010", 10, id="leading zero is decimal"),
        pytest.param("1_000", "1_000", id="underscore"),
        pytest.param("-7", -7, id="negative"),
        pytest.param("+7", 7, id="plus"),
        pytest.param("1.5", 1.5, id="float"),
        pytest.param(".5", 0.5, id="no integer part"),
        pytest.param("1.", 1.0, id="no fraction"),
        pytest.param("1e3", 1000.0, id="exponent"),
        pytest.param("-.inf", -math.inf, id="minus infinity"),
        pytest.param("1.5.2", "1.5.2", id="version"),
        pytest.param("true", True, id="true"),
        pytest.param("FALSE", False, id="FALSE"),
        pytest.param("tRue", "tRue", id="odd case"),
        pytest.param("null", None, id="null"),
        pytest.param("~", None, id="tilde"),
        pytest.param("", None, id="empty"),
        pytest.param("'true'", "true", id="single quoted"),
        pytest.param('"5"', "5", id="double quoted"),
        pytest.param("9" * 400, "9" * 400, id="too many digits"),
        pytest.param("30 cm", "30 cm", id="quantity"),
    ],
)
def test_scalars_follow_the_core_schema(text: str, expected: object) -> None:
    """A scalar means what YAML 1.2 says, never what YAML 1.1 made of it."""
    value = parse_document(f"a: {text}\n", "x.yaml").data["a"]

    assert expected == value
    assert type(expected) is type(value)


def test_not_a_number_is_a_float() -> None:
    """``.nan`` is the float that equals nothing."""
    value = parse_document("a: .nan", "x.yaml").data["a"]

    assert math.isnan(value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "a: 1\nb: 2\na: 3\n", "x.yaml:3:1: key 'a' is already set at line 1", id="dup"
        ),
        pytest.param("a:\n\tb: 1\n", "x.yaml:2:1: a tab indents this line", id="tab"),
        pytest.param("a: !!int 5\n", "x.yaml:1:4: tag 'tag:yaml.org,2002:int'", id="tag"),
        pytest.param("a: [1, 2\n", "x.yaml:2:1: not valid YAML", id="open list"),
        pytest.param("a: 1\n---\nb: 2\n", "x.yaml:2:1: a second document begins", id="two"),
        pytest.param("a: &x [*x]\n", "x.yaml:1:8: alias *x: no &x ends before", id="recursive"),
        pytest.param("a: *y\n", "x.yaml:1:4: alias *y", id="unknown alias"),
        pytest.param("<<: {a: 1}\n", "x.yaml:1:1: merge keys (<<)", id="merge"),
        pytest.param("? [a]\n: 1\n", "x.yaml:1:3: a key must be plain text", id="list as key"),
        pytest.param("a: \x01\n", "x.yaml:1:4: character U+0001", id="control character"),
        pytest.param("[" * 200, "x.yaml:1:102: nested deeper than 100", id="deep"),
    ],
)
def test_bad_documents_are_refused_with_their_place(text: str, message: str) -> None:
    """Each refusal names file, line, column and what to do about it."""
    with pytest.raises(ConfigError) as caught:
        parse_document(text, "x.yaml")

    assert str(caught.value).startswith(message)
    assert isinstance(caught.value, Permanent)


def test_a_small_alias_repeats_a_value() -> None:
    """An anchor may be used again."""
    data = parse_document("a: &x {b: [1, 2]}\nc: *x\n", "x.yaml").data

    assert data["a"] == data["c"] == {"b": [1, 2]}


def test_billion_laughs_are_refused() -> None:
    """Aliases of aliases that would grow into gigabytes end early."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]

    with pytest.raises(ConfigError, match="aliases repeat more than 10000 values"):
        parse_document("\n".join(lines), "x.yaml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "cameras:\n- name: a\n  fps: ten\n",
            "x.yaml:3:8: cameras[0].fps: expected int, got str",
            id="wrong type",
        ),
        pytest.param(
            "cameras:\n- fps: 5\n  nmae: a\n",
            "x.yaml:3:3: cameras[0].nmae: unknown key; did you mean 'name'?",
            id="unknown key, near",
        ),
        pytest.param(
            "zzz: 1\n",
            "x.yaml:1:1: zzz: unknown key; expected one of by_name, by_number, cameras, ratio",
            id="unknown key, far",
        ),
        pytest.param(
            "cameras:\n- name: a\n",
            "x.yaml:2:3: cameras[0].fps: missing; add this key",
            id="missing",
        ),
        pytest.param(
            "by_name:\n  a: {fps: 1}\n  b: {fps: x}\n",
            "x.yaml:3:12: by_name.b.fps: expected int, got str",
            id="which key of a mapping",
        ),
        pytest.param(
            "by_name:\n  a: {fps: 1, colour: grey}\n",
            "x.yaml:2:23: by_name.a.colour: invalid enum value 'grey'; expected one of red, blue",
            id="enum",
        ),
        pytest.param(
            "cameras: [{fps: 1, source: {kind: ftp}}]\n",
            "x.yaml:1:35: cameras[0].source.kind: invalid value 'ftp'; expected one of file, rtsp",
            id="tag of a union",
        ),
        pytest.param(
            "cameras: [{fps: 1, source: {kind: rtsp, ulr: x}}]\n",
            "x.yaml:1:41: cameras[0].source.ulr: unknown key; did you mean 'url'?",
            id="unknown key within a union",
        ),
        pytest.param("- 1\n", "x.yaml:1:1: expected mapping, got list", id="root"),
        pytest.param(
            "by_number: {1: a, x: a}\n",
            "x.yaml:1:19: by_number.x: expected int, got str",
            id="bad key",
        ),
        pytest.param("ratio: '0.5'\n", "x.yaml:1:8: ratio: expected float, got str", id="quoted"),
    ],
)
def test_misfits_are_named_with_line_and_column(text: str, expected: str) -> None:
    """A value that does not fit its type is named by file, line, column and path."""
    with pytest.raises(ConfigError) as caught:
        convert(parse_document(text, "x.yaml"), City)

    assert expected == str(caught.value)


def test_a_fitting_document_becomes_its_type() -> None:
    """Numbers, enums, unions, moments and number-like keys all arrive typed."""
    text = (
        "cameras: [{fps: 5, colour: blue, source: {kind: file, path: on},"
        " since: 2026-11-22T08:00:00Z}]\nby_number: {8: eight}\nratio: 1\n"
    )

    city = convert(parse_document(text, "x.yaml"), City)

    camera = Camera(
        5,
        colour=Colour.BLUE,
        source=FileSource("on"),
        since=datetime(2026, 11, 22, 8, tzinfo=UTC),
    )
    assert City([camera], {}, {8: "eight"}, 1.0) == city


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("a", "b", 1), (3, 5)),
        (("a", "b"), (2, 3)),
        (("a", "c"), (2, 3)),
        ((), (1, 1)),
        (("d",), (1, 1)),
    ],
    ids=["value", "list", "missing key", "root", "missing at root"],
)
def test_locate_finds_a_value_or_what_is_around_it(
    path: tuple[str | int, ...], expected: tuple[int, int]
) -> None:
    """A path leads to its value; where there is none, to the nearest value around it."""
    document = parse_document("a:\n  b: [x,\n    y]\n", "x.yaml")

    place = document.locate(path)

    # a block mapping begins at its first key, a flow list at its bracket
    assert (expected if path != ("a", "b") else (2, 6)) == place


def test_an_error_of_ones_own_names_the_place() -> None:
    """A caller can complain about any path, with the loader's line and column."""
    error = parse_document("rules:\n- when: depth >\n", "pack.yaml").error(
        ("rules", 0, "when"), "expected a value after >"
    )

    assert str(error) == "pack.yaml:2:9: rules[0].when: expected a value after >"
    assert (error.path, error.line, error.column) == ("pack.yaml", 2, 9)


def test_a_missing_file_is_a_config_error(tmp_path: Path) -> None:
    """A path that leads nowhere says so and what to check."""
    with pytest.raises(ConfigError, match=r"none\.yaml:1:1: cannot be read: No such file"):
        load_config(tmp_path / "none.yaml", City)


def test_a_file_in_another_encoding_is_refused_with_its_place(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 are found by line and column."""
    path = tmp_path / "gbk.yaml"
    path.write_bytes("a: 1\nb: 积水\n".encode("gbk"))

    with pytest.raises(ConfigError, match=r"gbk\.yaml:2:4: not UTF-8"):
        load_document(path)


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    """A file saved by a Windows editor loads all the same."""
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfratio: 0.5\n")

    assert load_config(path, City) == City(ratio=0.5)


_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, width=32)
    | st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text("abcxyz", min_size=1, max_size=5), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(_plain)
def test_what_yaml_writes_is_read_back(data: object) -> None:
    """Plain data written with every text quoted comes back as it was."""
    text = yaml.safe_dump({"a": data}, default_style=None, allow_unicode=True)

    read = parse_document(text, "x.yaml").data

    assert {"a": data} == read


@given(st.text(max_size=200))
def test_any_text_is_data_or_a_config_error(text: str) -> None:
    """No text whatever makes the loader fail otherwise than with a ConfigError."""
    place = (1, 1)
    try:
        parse_document(text, "x.yaml")
    except ConfigError as error:
        place = (error.line, error.column)

    assert min(place) >= 1
