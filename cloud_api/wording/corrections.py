"""Corrections: what people said the class of a report is, as lines to train on."""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, select

from cloud_api.case_opening import find_case
from cloud_api.case_record import Classified, decode_record
from cloud_api.orders.desk import OrderDesk
from cloud_api.privacy.masking import mask
from cloud_api.schema import case_log
from cloud_api.wording.corpus import Kind, Sentence

__all__ = ["CORRECTIONS", "Correction", "corrections", "sentence_of"]

CORRECTIONS = "corrections"
"""Family of the sentences that come from corrections."""

_PAGE = 2_000


class Correction(Struct, frozen=True, kw_only=True):
    """A report's words, masked, and the class that a person gave its case.

    ``matter`` is what the model calls that class in this city, None where it has no word for it.
    """

    text: str
    language: Literal["zh", "en"]
    class_code: str
    matter: str | None
    suggested: str | None


def corrections(
    connection: Connection, desk: OrderDesk, codes: Mapping[str, str]
) -> Iterator[Correction]:
    """Yield the last word of people on each case that has words; withdrawn ones are not among them.

    Args:
        connection: the database.
        desk: opens what orders say about people.
        codes: class by matter, as the profile's ``matters.csv`` has them.
    """
    matters = {code: matter for matter, code in reversed(list(codes.items()))}
    said: dict[str, str] = {}
    position = 0
    while True:
        query = (
            select(case_log.c.seq, case_log.c.case_id, case_log.c.body)
            .where(case_log.c.seq > position)
            .order_by(case_log.c.seq)
            .limit(_PAGE)
        )
        rows = connection.execute(query).all()
        if not rows:
            break
        position = rows[-1].seq
        for _, case_id, body in rows:
            if b'"type":"classified"' not in bytes(body):
                continue
            detail = decode_record(body).detail
            if isinstance(detail, Classified):
                said[case_id] = detail.class_code
    for case_id, code in said.items():
        case = find_case(connection, case_id)
        if case is None:
            continue
        order = desk.find(connection, case.events[0].event_id)
        personal = None if order is None else desk.personal(order)
        if personal is None or not personal.text.strip():
            continue
        text = mask(personal.text)
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in text)
        yield Correction(
            text=text,
            language="zh" if chinese else "en",
            class_code=code,
            matter=matters.get(code),
            suggested=None if case.suggested is None else case.suggested.class_code,
        )


def sentence_of(correction: Correction) -> Sentence | None:
    """Return a correction as a sentence to train on; None where the model has no matter for its class."""
    if correction.matter is None:
        return None
    return Sentence(
        correction.text,
        correction.matter,
        correction.language,
        CORRECTIONS,
        Kind.PLAIN,
        correction.text,
    )
