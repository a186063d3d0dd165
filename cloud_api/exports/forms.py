"""Forms of a table that is streamed: CSV that no spreadsheet takes for formulas, GeoJSON, and XES.

Sources: RFC 4180 (CSV), RFC 7946 (GeoJSON), IEEE 1849-2016 (XES).
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import quoteattr

from cloud_api.csv_table import FORMULA
from cloud_api.exports.rows import Row
from cloud_api.open311.rendering import storable_in_xml

__all__ = ["csv_chunks", "geojson_chunks", "xes_chunks"]

_CHUNK = 64 * 1024
_XES_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
<string key="lifecycle:transition" value="complete"/></global>
<classifier name="activity" keys="concept:name"/>
"""


def csv_chunks(fields: Sequence[str], rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield a table as CSV in UTF-8 with a mark that spreadsheets know it by.

    A text that a spreadsheet would take for a formula gets an apostrophe in front, as in every table
    of this project; ``csv_table.unquoted`` takes it away.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    text.write("\ufeff")
    writer.writerow(fields)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in fields])
        if text.tell() > _CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _cell(value: str | float | bool | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    text = value.replace("\x00", "")
    return f"'{text}" if text.startswith(FORMULA) else text


def geojson_chunks(rows: Iterable[Row], name: str) -> Iterator[bytes]:
    """Yield rows as a FeatureCollection of points in WGS 84; a row without a place has no geometry.

    Each feature is a line of its own, so that whoever masks or reads it needs no more memory than one.
    """
    yield b'{"type":"FeatureCollection","features":[\n'
    first = True
    for row in rows:
        lon, lat = row["lon"], row["lat"]
        geometry = (
            None if lon is None or lat is None else {"type": "Point", "coordinates": [lon, lat]}
        )
        properties = {key: value for key, value in row.items() if key not in {"lon", "lat"}}
        feature = {
            "type": "Feature",
            "id": row[name],
            "geometry": geometry,
            "properties": properties,
        }
        line = json.dumps(feature, ensure_ascii=False).encode()
        yield (b"" if first else b",") + line + b"\n"
        first = False
    yield b"]}\n"


def xes_chunks(rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield the log of cases as XES: a trace for each case, an event for each entry.

    Args:
        rows: entries, those of a case together.
    """
    yield _XES_HEAD.encode()
    current: object = None
    for row in rows:
        lines: list[str] = []
        if row["case_id"] != current:
            if current is not None:
                lines.append("</trace>\n")
            current = row["case_id"]
            lines.append("<trace>")
            lines += _strings(
                {
                    "concept:name": row["number"],
                    "cityloop:case_id": row["case_id"],
                    "cityloop:district": row["district"],
                    "cityloop:event_type": row["event_type"],
                }
            )
        lines.append("<event>")
        lines += _strings(
            {
                "concept:name": row["activity"],
                "lifecycle:transition": "complete",
                "org:resource": row["actor"],
                "org:group": row["department"],
                "cityloop:reason": row["reason"],
            }
        )
        lines.append(f'<date key="time:timestamp" value={_attribute(row["at"])}/></event>\n')
        yield "".join(lines).encode()
    yield (b"" if current is None else b"</trace>\n") + b"</log>\n"


def _strings(values: Row) -> list[str]:
    return [
        f'<string key="{key}" value={_attribute(value)}/>'
        for key, value in values.items()
        if value not in (None, "")
    ]


def _attribute(value: object) -> str:
    return quoteattr(storable_in_xml(str(value)), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})
