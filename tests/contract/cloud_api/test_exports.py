"""Contract of the exports: open formats that others read, on each database."""

import asyncio
import csv
import io
import json
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import msgspec
import pyarrow.parquet
import pytest
from cap_tools.models import Alert, MsgType, Reference
from hypothesis import given
from hypothesis import strategies as st
from xsdata.formats.dataclass.parsers import XmlParser

from cloud_api.bootstrap import Api
from cloud_api.case_desk import Deed
from cloud_api.case_record import case_id_of
from cloud_api.csv_table import FORMULA, table_rows
from cloud_api.errors import InternalFault
from cloud_api.exports import rows as rows_module
from cloud_api.exports.cap_alert import cap_alert
from cloud_api.exports.forms import csv_chunks, geojson_chunks, xes_chunks
from cloud_api.exports.parquet_form import parquet_chunks
from cloud_api.exports.rows import CASE_FIELDS, EVENT_FIELDS, LOG_FIELDS, ExportFilter, Row, Rows
from cloud_api.flow import State
from cloud_api.guards import MoveRequest
from cloud_api.keys import Identity, Role
from cloud_api.people.scope import EVERYTHING, Scope
from cloud_api.privacy.staff_names import StaffNames
from cloud_api.privacy.viewing import Viewing
from contracts.envelope import Place
from contracts.event import EventPhase
from tests.contract.cloud_api.events import START, body_of, event_id, make_event

XES = "{http://www.xes-standard.org/}"


def _nobody() -> StaffNames:
    """Return the names of a register without users."""
    return StaffNames(tuple, others=(), words=())


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of two, so that every test goes over several."""
    monkeypatch.setattr(rows_module, "_PAGE", 2)


def _some_cases(api: Api) -> None:
    for number in range(5):
        event = make_event(number, district="futian" if number % 2 else "nanshan", title="=1+1")
        placed = msgspec.structs.replace(event, place=Place(lon=114.0 + number / 100, lat=22.5))
        api.accept_events(body_of(placed if number else event))
        api.step(START + timedelta(minutes=number))
    request = MoveRequest(State.DISPATCHED, reason='say "<&>"\n', to_department="water")
    api.services.desk.move(Deed(case_id_of(event_id(1)), "ann", START), request)


def _rows(api: Api, scope: Scope = EVERYTHING, **wanted: object) -> Rows:
    return Rows(api.services.store, scope, ExportFilter(**wanted))  # type: ignore[arg-type]


def test_every_case_event_and_entry_is_there_once(api: Api) -> None:
    """Over all pages."""
    _some_cases(api)
    rows = _rows(api)

    assert [row["number"] for row in rows.cases()] == [
        f"{district}-20260601-000{n}"
        for district, n in (("nanshan", 1), ("futian", 1), ("nanshan", 2), ("futian", 2), ("nanshan", 3))
    ]  # fmt: skip
    assert [row["event_id"] for row in rows.events()] == [event_id(number) for number in range(5)]
    assert len({(row["case_id"], row["version"]) for row in rows.log()}) == 11


@pytest.mark.parametrize(
    ("scope", "wanted", "count"),
    [
        pytest.param(Scope(districts=("futian",)), {}, 2, id="scope"),
        pytest.param(EVERYTHING, {"district": "nanshan"}, 3, id="district"),
        pytest.param(EVERYTHING, {"begin": START + timedelta(minutes=3)}, 2, id="begin"),
        pytest.param(EVERYTHING, {"end": START + timedelta(minutes=1)}, 1, id="end"),
    ],
)
def test_exports_are_narrowed(
    api: Api, scope: Scope, wanted: dict[str, object], count: int
) -> None:
    """To what was asked for, and never beyond what one may see."""
    _some_cases(api)
    rows = _rows(api, scope, **wanted)

    assert len(list(rows.cases())) == count
    assert len({row["case_id"] for row in rows.log()}) == count
    if "begin" not in wanted and "end" not in wanted:
        assert len(list(rows.events())) == count


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_csv_comes_back(api: Api) -> None:
    """What is written is read again by this project, and formulas are texts."""
    _some_cases(api)
    text = b"".join(csv_chunks(CASE_FIELDS, _rows(api).cases())).decode("utf-8-sig")
    read = table_rows(text, "cases.csv")

    assert [row["title_en"] for row in read] == ["=1+1"] * 5
    assert text.count("'=1+1") == 5


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
def test_no_cell_is_a_formula(text: str) -> None:
    """Whatever somebody wrote."""
    chunk = b"".join(csv_chunks(["a"], [{"a": text}])).decode("utf-8-sig")
    cell = list(csv.reader(io.StringIO(chunk, newline="")))[1:]

    assert not any(each[0].startswith(FORMULA) for each in cell if each)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_geojson_has_points_and_what_has_no_place(api: Api) -> None:
    """RFC 7946: longitude first, null where nobody knows."""
    _some_cases(api)
    found = json.loads(b"".join(geojson_chunks(_rows(api).events(), "event_id")))

    assert [feature["geometry"] for feature in found["features"]][:2] == [
        None,
        {"type": "Point", "coordinates": [114.01, 22.5]},
    ]
    assert json.loads(b"".join(geojson_chunks([], "event_id"))) == {
        "type": "FeatureCollection",
        "features": [],
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_xes_has_a_trace_for_each_case(api: Api) -> None:
    """Activities in their order, with resource and time; markup in a reason does no harm."""
    _some_cases(api)
    log = fromstring(b"".join(xes_chunks(_rows(api).log())))
    traces = log.findall(f"{XES}trace")
    reasons = {
        each.get("value")
        for each in log.iter(f"{XES}string")
        if each.get("key") == "cityloop:reason"
    }
    activities = [
        [
            value.get("value")
            for event in trace.findall(f"{XES}event")
            for value in event.findall(f"{XES}string")
            if value.get("key") == "concept:name"
        ]
        for trace in traces
    ]

    assert sorted(activities) == [["opened", "to_filed"]] * 4 + [
        ["opened", "to_filed", "to_dispatched"]
    ]
    assert 'say "<&>"\n' in reasons
    assert len(log.findall(f"{XES}trace/{XES}event/{XES}date")) == 11


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", ["cases", "events", "log"])
def test_parquet_has_the_same_rows(api: Api, tmp_path: Path, table: str) -> None:
    """Read by pyarrow, with types."""
    _some_cases(api)
    fields = {"cases": CASE_FIELDS, "events": EVENT_FIELDS, "log": LOG_FIELDS}[table]
    path = tmp_path / "table.parquet"
    path.write_bytes(b"".join(parquet_chunks(fields, getattr(_rows(api), table)())))

    assert pyarrow.parquet.read_table(path).to_pylist() == list(getattr(_rows(api), table)())


def test_a_long_table_needs_little_memory() -> None:
    """A hundred thousand lines are never all in memory."""
    line: Row = dict.fromkeys(LOG_FIELDS, "x" * 20)

    def lines() -> Iterator[Row]:
        for number in range(20_000):
            yield line | {"case_id": str(number // 4)}

    tracemalloc.start()
    total = sum(len(chunk) for chunk in csv_chunks(LOG_FIELDS, lines()))
    total += sum(len(chunk) for chunk in xes_chunks(lines()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert total > 10_000_000
    assert peak < 1_000_000


def test_an_independent_reader_understands_the_alerts() -> None:
    """`cap-tools` reads Alert, Update and Cancel, and finds what they reference."""
    place = Place(lon=114.05, lat=22.54, accuracy_m=50.0)
    revisions = [
        msgspec.structs.replace(
            make_event(
                1, rev, phase=EventPhase.END if rev == 2 else EventPhase.OPEN, title="a < b"
            ),
            place=place,
        )
        for rev in range(3)
    ]
    alerts = [
        XmlParser().from_bytes(
            cap_alert(
                event,
                [(each, START) for each in revisions[:rev]],
                sender="city.example",
                sent=START,
            ),
            Alert,
        )
        for rev, event in enumerate(revisions)
    ]

    assert [alert.msg_type for alert in alerts] == [MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL]
    assert [info.language for info in alerts[0].infos] == ["zh-CN", "en-US"]
    assert alerts[0].infos[1].headline == "a < b"
    assert list(alerts[2].references_to_list()) == [
        Reference.from_alert(alert) for alert in alerts[:2]
    ]


def test_a_masked_map_is_masked_feature_by_feature() -> None:
    """Whoever may not see people gets a map that can be read, and no piece waits for the whole."""
    rows: list[Row] = [
        {"case_id": str(n), "lon": None, "lat": None, "title_zh": "请回电13800138000"}
        for n in range(3)
    ]
    sent: list[bytes] = []

    async def app(_scope: object, _receive: object, send: Any) -> None:
        headers = [(b"content-type", b"application/geo+json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for chunk in geojson_chunks(rows, "case_id"):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    reader = Identity("k", "r", Role.READER)
    scope = {"type": "http", "path": "/v1/x", "headers": [], "state": {"identity": reader}}
    asyncio.run(Viewing(app, _nobody())(scope, receive, send))
    whole = b"".join(sent)

    assert len([piece for piece in sent if piece]) == 5
    assert len(json.loads(whole)["features"]) == 3
    assert b"13800138000" not in whole


def test_what_was_packed_before_it_was_masked_does_not_go_out() -> None:
    """Packed, it cannot be read any more; a route that packs has to mask and to say so."""

    async def app(_scope: object, _receive: object, send: Any) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    def ask(**state: object) -> None:
        scope = {"type": "http", "path": "/v1/x", "headers": [], "state": state}
        asyncio.run(Viewing(app, _nobody())(scope, receive, send))

    reader = Identity("k", "r", Role.READER)
    with pytest.raises(InternalFault):
        ask(identity=reader)
    refused = list(sent)
    ask(identity=reader, masked=True)

    assert (refused, len(sent)) == ([], 1)
