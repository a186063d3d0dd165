"""Tracks as MOTChallenge text, the form that tracking benchmarks score."""

from collections.abc import Iterable, Iterator

from edge.vision.tracks import Tracks

__all__ = ["mot_lines"]


def mot_lines(frames: Iterable[tuple[int, Tracks]]) -> Iterator[str]:
    """Yield one line for every track that was seen in a frame.

    A line is ``frame,id,left,top,width,height,confidence,-1,-1,-1`` with frames from 1 and pixels
    to two places. Tracks that are only predicted are left out. Source: MOTChallenge 2015.

    Args:
        frames: index of each frame from 0, and its tracks.
    """
    for index, tracks in frames:
        seen = tracks.seen_now()
        for number, box, confidence in zip(
            seen.id.tolist(), seen.xyxy.tolist(), seen.confidence.tolist(), strict=True
        ):
            left, top, right, bottom = box
            yield (
                f"{index + 1},{number},{left:.2f},{top:.2f},{right - left:.2f},"
                f"{bottom - top:.2f},{confidence:.4f},-1,-1,-1"
            )
