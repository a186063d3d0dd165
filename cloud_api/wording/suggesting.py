"""Suggestions: the class of an order that names none, from what its reporter wrote."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from cloud_api.dispatch.classes import ClassEntry, ClassTable, event_type_of
from cloud_api.errors import ProfileError
from cloud_api.orders.order import Order
from contracts.event import Title

__all__ = ["UNCLASSIFIED", "UNCLASSIFIED_TITLE", "WEIGHTS", "Suggester", "Suggestion"]

WEIGHTS = Path(__file__).parent / "weights.npz"
"""The model that ships."""

UNCLASSIFIED = "report.unclassified"
"""Event type of a report whose class nobody has named."""

UNCLASSIFIED_TITLE = Title(zh="未分类诉求", en="report without a class")


class Suggestion(NamedTuple):
    """A class of today's code table, and how sure it is (0..1)."""

    entry: ClassEntry
    matter: str
    confidence: float
    sure: bool
    model: str


class Suggester:
    """Suggests classes of one city's code table.

    Args:
        classes: the code table.
        rows: lines of the profile's ``matters.csv``: which class a matter of the model is here.
        weights: the file of the model; it is read when the first text comes.
        utc_offset_minutes: minutes east of UTC, for the day on which a class holds.

    Raises:
        ProfileError: a line names a class that the table has never had, or a matter twice.
    """

    def __init__(
        self,
        classes: ClassTable,
        rows: Sequence[Mapping[str, str]],
        weights: Path,
        utc_offset_minutes: int,
    ) -> None:
        known = {entry.code for entry in classes.entries}
        self.codes: dict[str, str] = {}
        for number, row in enumerate(rows, 2):
            matter, code = row.get("matter", ""), row.get("class_code", "")
            if not matter or matter in self.codes or code not in known:
                raise ProfileError(
                    f"matters.csv:{number}: {matter!r} as class {code!r}; expected a matter that stands "
                    "once and a class of classes.csv"
                )
            self.codes[matter] = code
        self._classes = classes
        self._weights = weights
        self._offset = timedelta(minutes=utc_offset_minutes)

    def suggest(self, text: str, now: datetime) -> Suggestion | None:
        """Return the likeliest class of a text; None where it is about nothing that the city has a class for.

        Raises:
            ProfileError: the model's file cannot be read.
        """
        if not text.strip():
            return None
        from cloud_api.wording.model import load_weights  # noqa: PLC0415 - numpy, for texts alone

        model = load_weights(self._weights)
        guess = model.guess(text)
        code = self.codes.get(guess.matter)
        entry = None if code is None else self._classes.entry(code, (now + self._offset).date())
        if entry is None:
            return None
        # matters of one class are one answer: between a hydrant and a fire lane nobody has to choose
        alike = sum(share for matter, share in guess.others if self.codes.get(matter) == code)
        confidence = min(1.0, round(guess.confidence + alike, 4))
        return Suggestion(
            entry, guess.matter, confidence, confidence >= model.threshold, model.name
        )

    def applied(self, order: Order, text: str, now: datetime) -> Order:
        """Return an order with the suggestion in its extension form, if it has no class of its own.

        A sure one also gives an unclassified report its event type and title; an unsure one changes
        nothing else, so that a person decides.
        """
        on = (now + self._offset).date()
        if self._classes.classify(order.event_type, on) is not None:
            return order
        found = self.suggest(text, now)
        if found is None:
            return order
        noted: dict[str, str | float | bool | None] = {
            "suggested_class": found.entry.code,
            "suggested_confidence": found.confidence,
            "suggested_sure": found.sure,
            "suggested_by": found.model,
        }
        order = msgspec.structs.replace(order, extension={**order.extension, **noted})
        if not found.sure or order.event_type != UNCLASSIFIED:
            return order
        title = Title(zh=found.entry.zh, en=found.entry.en)
        return msgspec.structs.replace(order, event_type=event_type_of(found.entry), title=title)
