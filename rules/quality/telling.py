"""From what the gates say of a reading to what the rules find in it."""

from collections.abc import Iterator, Sequence

from rules.breach import Breach
from rules.engine import Engine
from rules.quality.finding import Inspection

__all__ = ["tell"]


def tell(
    engine: Engine, inspection: Inspection, now: float
) -> Iterator[tuple[Sequence[Breach], tuple[str, ...]]]:
    """Yield what the rules find in a reading, each with the flags of what decided.

    First in what the gates left of it, then in what they found; where it came late, then in what they
    find anew of those after it.

    Args:
        engine: the engine.
        inspection: the reading as the gates have it.
        now: its arrival.
    """
    sample, revision = inspection.sample, inspection.revision
    if revision is not None and revision.amendments:
        yield engine.amend(sample, revision.amendments, now), inspection.flags
    else:
        yield engine.apply(sample, now), inspection.flags
    for finding in inspection.findings:
        yield engine.apply(finding.sample, now), finding.flags
    if revision is None:
        return
    # first what was found elsewhere: what is taken back then leaves its event in place
    for finding in revision.found:
        yield engine.apply(finding.sample, now), finding.flags
    for finding in revision.taken_back:
        yield engine.take_back(finding.sample, now), ()
