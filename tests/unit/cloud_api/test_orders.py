"""Mappings of orders: golden messages, and what is refused."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_api.orders.cap_alerts import read_alert
from cloud_api.orders.errors import MappingError, OrderUnread
from cloud_api.orders.golden import check_mapping
from cloud_api.orders.mapping import MAPPING_FOLDER, OrderMapping, load_mapping, mapping_path
from cloud_api.orders.order import event_of, order_id_of
from cloud_api.orders.reading import read_orders, value_at
from contracts.event import EventPhase
from runtime.webhook_signature import sign_webhook, webhook_refusal

SHIPPED = sorted(path.stem for path in MAPPING_FOLDER.glob("*.yaml"))


def _mapping(name: str) -> OrderMapping:
    return load_mapping(mapping_path(name))


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_mappings_prove_themselves(name: str) -> None:
    """Every golden message comes out as it says, and the mapping says what it is."""
    mapping = _mapping(name)

    assert check_mapping(mapping) == []
    assert len(mapping.what) > 40


def test_four_systems_ship() -> None:
    """Hotline, inspection, emergency bureau and weather."""
    assert {"hotline-12345", "grid-inspection", "emergency-bureau", "weather-cap"} <= set(SHIPPED)


def test_a_golden_message_that_does_not_come_out_is_named() -> None:
    """The check can fail."""
    mapping = _mapping("hotline-12345")
    golden = msgspec.structs.replace(mapping.golden[0], expect=({"level": "red"},))
    broken = msgspec.structs.replace(mapping, golden=(golden,))

    assert check_mapping(broken) == [
        "golden 'a caller reports ponding': order 0: level is 'yellow'; expected 'red'"
    ]


def test_nothing_personal_stands_in_the_public_part() -> None:
    """Words, address and contact are apart from the order."""
    mapping = _mapping("hotline-12345")
    found, _ = read_orders(mapping, mapping.golden[0].document.encode())
    public = msgspec.json.encode(found[0].order).decode()

    assert not any(word in public for word in ("13800000000", "王某", "车辆熄火", "深南大道1006号"))


def test_places_become_wgs84() -> None:
    """A hotline's GCJ-02 place is moved by the some hundred metres that it is off."""
    mapping = _mapping("hotline-12345")
    found, _ = read_orders(mapping, mapping.golden[0].document.encode())
    place = found[0].order.place

    assert place is not None
    assert 0.003 < 114.0642 - place.lon < 0.007


@pytest.mark.parametrize(
    ("document", "why"),
    [
        pytest.param(b"{", "expected JSON", id="no-json"),
        pytest.param(b"[" * 100_000, "expected JSON", id="nested"),
        pytest.param(b"\xff", "expected JSON", id="no-utf8"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused(document: bytes, why: str) -> None:
    """It says what was expected."""
    with pytest.raises(OrderUnread, match=why):
        read_orders(_mapping("hotline-12345"), document)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"orderNo": None}, "source_id", id="no-id"),
        pytest.param({"callTime": "yesterday"}, "reported_at", id="moment"),
        pytest.param({"location": {"lng": "x", "lat": "1"}}, "degrees", id="no-number"),
        pytest.param({"location": {"lng": "22", "lat": "114"}}, "lon before lat", id="swapped"),
        pytest.param({"repeatCount": "many"}, "repeat_calls", id="extension"),
    ],
)
def test_an_item_that_is_no_order_is_named_alone(change: dict[str, object], why: str) -> None:
    """The others of the same document are read."""
    mapping = _mapping("hotline-12345")
    good = msgspec.json.decode(mapping.golden[0].document)
    document = msgspec.json.encode([good, good | change])
    found, unread = read_orders(mapping, document)

    assert len(found) == 1
    assert [each.position for each in unread] == [1]
    assert why in unread[0].why


BOMB = b"""<!DOCTYPE a [<!ENTITY x "boom"><!ENTITY y "&x;&x;&x;">]>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&y;</identifier></alert>"""
FILE = b"""<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>&x;</identifier></alert>"""


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(BOMB, id="entities"),
        pytest.param(FILE, id="file"),
        pytest.param(b"<a/>", id="other-root"),
        pytest.param(b"<alert xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>", id="empty"),
        pytest.param(b"not xml", id="no-xml"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_bad_alerts_are_refused(document: bytes) -> None:
    """Entities are never expanded, and what CAP demands is demanded."""
    with pytest.raises(OrderUnread):
        read_alert(document)


@given(st.binary(max_size=300))
def test_no_bytes_break_a_reader(document: bytes) -> None:
    """Whatever comes in is read or refused, never anything else."""
    for name in SHIPPED:
        try:
            read_orders(_CACHED[name], document)
        except OrderUnread:
            continue


_CACHED = {name: _mapping(name) for name in SHIPPED}


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["a", "b", "0"]), inner, max_size=3)
        ),
    ),
    st.sampled_from(["a", "a.b", "0", "a.0.b", "b.1"]),
)
def test_paths_find_or_do_not_find(data: object, path: str) -> None:
    """A path into any JSON never fails."""
    found = value_at(data, path)

    assert found is None or isinstance(found, (bool, float, str, list, dict))


def test_a_mapping_that_does_not_exist_names_those_that_do() -> None:
    """The error lists what ships."""
    with pytest.raises(MappingError, match="weather-cap"):
        mapping_path("nonsense")


def test_an_order_keeps_its_event_over_its_revisions() -> None:
    """The event's id follows from the source's first id alone; an end is an end."""
    mapping = _mapping("grid-inspection")
    found, _ = read_orders(mapping, mapping.golden[0].document.encode())
    order = found[1].order
    order_id = order_id_of(order.source, order.source_id)
    first, ended = (
        event_of(msgspec.structs.replace(order, ended=end), order_id, rev, datetime(2026, 6, 1, 9, tzinfo=UTC))
        for rev, end in ((0, False), (1, True))
    )  # fmt: skip

    assert (first.event_id, first.phase, first.at) == (ended.event_id, EventPhase.OPEN, order.reported_at)  # fmt: skip
    assert (ended.phase, ended.ended_at) == (EventPhase.END, datetime(2026, 6, 1, 9, tzinfo=UTC))


KEYS = (b"k" * 32,)
SIGNED = sign_webhook(KEYS, "m-1", 1_000_000, b"body")


@pytest.mark.parametrize(
    ("headers", "body", "now_s", "believed"),
    [
        pytest.param(SIGNED, b"body", 1_000_010.0, True, id="right"),
        pytest.param(SIGNED, b"bodY", 1_000_010.0, False, id="other-body"),
        pytest.param(SIGNED, b"body", 1_000_400.0, False, id="replayed-later"),
        pytest.param(SIGNED | {"webhook-id": "m-2"}, b"body", 1_000_010.0, False, id="other-id"),
        pytest.param({}, b"body", 1_000_010.0, False, id="unsigned"),
        pytest.param(
            sign_webhook((b"x" * 32,), "m-1", 1_000_000, b"body"), b"body", 1_000_010.0, False,
            id="other-key",
        ),
        pytest.param(SIGNED | {"webhook-timestamp": "-1"}, b"body", 0.0, False, id="timestamp"),
    ],
)  # fmt: skip
def test_only_fresh_and_right_signatures_are_believed(
    headers: dict[str, str], body: bytes, now_s: float, *, believed: bool
) -> None:
    """A webhook proves its sender, its bytes and its moment."""
    assert (webhook_refusal(KEYS, headers, body, now_s) is None) == believed
