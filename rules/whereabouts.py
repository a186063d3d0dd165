"""Which part of the city a key is in, where its rule's calendars depend on the mode there."""

from rules.key_state import KeyState
from rules.sample import Sample
from rules.standing import Standing

__all__ = ["has_moved", "stand"]


def has_moved(state: KeyState, sample: Sample, standing: Standing) -> bool:
    """Whether a sample is from another part of the city than its key was, and that may matter."""
    more = state.operators()
    return bool(standing.scopes) and _where(sample) != (more.district, more.grid)


def stand(state: KeyState, sample: Sample, standing: Standing) -> None:
    """Note which part of the city a key is in; its calendar is asked anew where that is another."""
    more, here = state.operators(), _where(sample)
    if here != (more.district, more.grid):
        more.district, more.grid = here
        if standing.scopes:
            more.turns_at = None


def _where(sample: Sample) -> tuple[str | None, str | None]:
    place = sample.place
    return sample.keys.get("district"), None if place is None else place.grid
