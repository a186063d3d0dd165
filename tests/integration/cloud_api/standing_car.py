"""What a camera tells of a car that stands in its picture, second by second."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from contracts.codec import encode
from contracts.envelope import Channel
from contracts.topics import Kind, box_topic
from contracts.tracks import Tracks, TrackState

__all__ = ["FOOT", "standing_car", "write_lines"]

FOOT = (0.7, 0.75)
"""Where its wheels are, shares of width and height."""


def standing_car(camera: str, box: str, until: datetime, seconds: int) -> list[Tracks]:
    """Return a message a second up to a moment, numbered as a box does, from 0."""
    x, y = FOOT
    car = TrackState(
        track=7,
        label="car",
        confidence=0.9,
        box_xyxy=(x - 0.08, y - 0.15, x + 0.08, y),
        foot=FOOT,
    )
    return [
        Tracks(
            id=f"tracks-{number}",
            box=box,
            boot_id="d" * 16,
            channel=Channel.TRACKS,
            seq=number,
            at=until - timedelta(seconds=seconds - 1 - number),
            camera=camera,
            tracks=(car,),
        )
        for number in range(seconds)
    ]


def write_lines(path: Path, district: str, site: str, messages: list[Tracks]) -> None:
    """Write messages as a file of lines, each with its topic and arrival."""
    path.write_text(
        "".join(
            json.dumps(
                {
                    "topic": box_topic(district, site, message.box, Kind.TRACKS),
                    "arrived_at": message.at.timestamp(),
                    "payload": json.loads(encode(message)),
                }
            )
            + "\n"
            for message in messages
        ),
        "utf-8",
    )
