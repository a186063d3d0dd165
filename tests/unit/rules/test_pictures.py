"""Which pictures an event has: the first ones, the last ones, or both."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec import structs

from contracts.envelope import Evidence
from rules.breach import Breach
from rules.engine import Engine
from rules.pack import RulePack
from rules.sample import Sample
from tests.unit.rules.scenario import PackFault, pack, seen, step

FIRST, SECOND, THIRD = "a", "b", "c"


def watching(frames: Any) -> RulePack:
    """Return a pack of one rule over observations that asks for pictures."""
    event = {"type": "safety.left_object"} | ({"evidence": {"frames": frames}} if frames else {})
    return pack(
        {
            "id": "left",
            "event": event,
            "watch": {"stream": "observations"},
            "key": ["camera", "observation"],
            "ladder": [step("blue", when=True), step("red", "dwell_s > 9 s")],
        }
    )


def left(at: float, picture: str | None, dwell_s: float = 0.0, *, ended: bool = False) -> Sample:
    """Return a word about one left object, with a picture."""
    keys = {"observation": "o-1", "kind": "left_object"}
    sample = seen("observations", at, keys, ended=ended, dwell_s=dwell_s)
    shown = () if picture is None else (_picture(picture),)
    return structs.replace(sample, evidence=shown)


def _picture(letter: str) -> Evidence:
    return Evidence(
        sha256=letter * 64,
        media_type="image/jpeg",
        size_bytes=9,
        captured_at=datetime(2026, 7, 1, tzinfo=UTC),
    )


def letters(found: list[Breach]) -> list[str]:
    """Return the pictures of each statement, by letter."""
    return ["".join(one.sha256[0] for one in breach.evidence) for breach in found]


def told(frames: Any, *samples: Sample, restarts: bool = False) -> list[str]:
    """Return the pictures of what an engine says of samples."""
    engine, found = Engine([watching(frames)]), list[Breach]()
    for sample in samples:
        found += engine.apply(sample, sample.at)
        if restarts:
            blobs = {name: blob for name, blob in engine.take_dirty().items() if blob is not None}
            engine = Engine([watching(frames)])
            engine.restore(blobs)
    return letters(found)


@pytest.mark.parametrize("restarts", [False, True], ids=["plain", "restarted"])
@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (None, ["a", "b", "c"]),
        (["last"], ["a", "b", "c"]),
        (["first"], ["a", "a", "a"]),
        (["first", "last"], ["a", "ab", "ac"]),
    ],
    ids=str,
)
def test_an_event_has_the_pictures_that_its_rule_asks_for(
    frames: Any, expected: list[str], restarts: bool
) -> None:
    """It opens with the first picture, rises with the second and ends with the third."""
    samples = [left(0.0, FIRST), left(5.0, SECOND, 10.0), left(9.0, THIRD, 10.0, ended=True)]

    assert told(frames, *samples, restarts=restarts) == expected


def test_the_first_pictures_are_those_of_the_first_statement_that_has_any() -> None:
    """A box may send its picture only with its second word."""
    samples = [left(0.0, None), left(5.0, SECOND, 10.0), left(9.0, THIRD, 10.0, ended=True)]

    assert told(["first"], *samples) == ["", "b", "b"]


def test_another_event_has_first_pictures_of_its_own() -> None:
    """What the one before began with is forgotten with its end."""
    samples = [
        left(0.0, FIRST),
        left(1.0, SECOND, ended=True),
        left(30.0, THIRD),
    ]

    assert told(["first"], *samples) == ["a", "a", "c"]


def test_other_words_are_refused() -> None:
    """There are two frames to choose from."""
    with pytest.raises(PackFault) as caught:
        watching(["middle"])

    assert caught.value.path == ("rules", 0, "event", "evidence", "frames", 0)
