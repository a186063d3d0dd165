"""Hypothesis strategies for the wire: any legal value of any message, drawn from its own type.

They read the Structs as msgspec sees them, so a field that is added to a message joins the tests by itself.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from contracts.codec import MESSAGE_TYPES, Message
from contracts.ids import ID_PATTERN
from contracts.topics import Kind

__all__ = ["box_kinds", "district_kinds", "ids", "messages", "moments", "values_of"]

ids = st.from_regex(ID_PATTERN, fullmatch=True)
"""Legal ids: boxes, sites, districts, subjects."""

_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))

moments = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC) | _zones,
)
"""Aware moments, most of them not in UTC."""

box_kinds = st.sampled_from([kind for kind in Kind if kind not in {Kind.EVENTS, Kind.CONTROL}])
"""Kinds of topic below one box."""

district_kinds = st.sampled_from([Kind.EVENTS, Kind.CONTROL])
"""Kinds of topic of a district."""

_json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def messages(name: str) -> st.SearchStrategy[Message]:
    """Return a strategy for one message type, named by its tag."""
    return values_of(MESSAGE_TYPES[name])


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for the legal values of a type that may appear in a message."""
    return _strategy(inspect.type_info(kind))


def _text(info: inspect.StrType) -> st.SearchStrategy[str]:
    if info.pattern is not None:
        longest_match = info.max_length or 10_000
        found: st.SearchStrategy[str] = st.from_regex(info.pattern, fullmatch=True)
        return found.map(str).filter(lambda text: len(text) <= longest_match)
    longest = 24 if info.max_length is None else min(info.max_length, 24)
    return st.text(min_size=info.min_length or 0, max_size=longest)


def _number(info: inspect.FloatType) -> st.SearchStrategy[float]:
    return st.floats(
        info.ge if info.ge is not None else info.gt,
        info.le if info.le is not None else info.lt,
        exclude_min=info.gt is not None,
        exclude_max=info.lt is not None,
        allow_nan=False,
        allow_infinity=False,
    )


def _struct(info: inspect.StructType) -> st.SearchStrategy[Any]:
    fields = {field.name: _strategy(field.type) for field in info.fields}
    required = {field.name: fields[field.name] for field in info.fields if field.required}
    optional = {name: fields[name] for name in fields if name not in required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda given: info.cls(**given))


def _strategy(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.Metadata():
            return _strategy(info.type)
        case inspect.StructType():
            return _struct(info)
        case inspect.TupleType():
            return st.tuples(*(_strategy(item) for item in info.item_types))
        case inspect.VarTupleType():
            items = st.lists(_strategy(info.item_type), min_size=info.min_length or 0, max_size=4)
            return items.map(tuple)
        case inspect.DictType():
            return st.dictionaries(_strategy(info.key_type), _strategy(info.value_type), max_size=3)
        case inspect.UnionType():
            return st.one_of(*(_strategy(member) for member in info.types))
        case _:
            return _scalar(info)


def _scalar(info: inspect.Type) -> st.SearchStrategy[Any]:
    match info:
        case inspect.AnyType():
            return _json
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.IntType():
            return st.integers(info.ge if info.ge is not None else -(2**53), 2**53)
        case inspect.FloatType():
            return _number(info)
        case inspect.StrType():
            return _text(info)
        case inspect.DateTimeType():
            return moments
        case inspect.EnumType():
            return st.sampled_from(info.cls)
        case _:
            msg = f"no strategy for {info!r}: add one to tests/strategies.py"
            raise msgspec.ValidationError(msg)
