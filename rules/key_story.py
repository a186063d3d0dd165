"""What is only there where something happened to a key: nearly all keys of a city have none of it."""

from typing import Final

from rules.key_past import Past
from rules.operator_state import Episode
from rules.sample import Sample

__all__ = ["NOBODY", "KeyStory", "StoriedKey"]

NOBODY: Final[frozenset[str]] = frozenset()
"""No members; one for all keys, because Python makes a new one of 216 bytes each time."""


class KeyStory:
    """What happened to a key; see the properties of :class:`StoriedKey`."""

    __slots__ = ("episode", "gone_at", "members", "past", "sample", "times")

    def __init__(self) -> None:
        self.episode: Episode | None = None
        self.gone_at: float | None = None
        self.members = NOBODY
        self.past: Past | None = None
        self.sample: Sample | None = None
        self.times: dict[str, float] | None = None


class StoriedKey:
    """The part of a key's state that is made when something happens to it."""

    __slots__ = ("story",)

    def __init__(self) -> None:
        self.story: KeyStory | None = None
        """What happened to the key; None: nothing yet."""

    @property
    def episode(self) -> Episode | None:
        """The episode that was told of last."""
        return None if self.story is None else self.story.episode

    @episode.setter
    def episode(self, episode: Episode | None) -> None:
        if episode is not None or self.story is not None:
            (self.story or self.begin_story()).episode = episode

    @property
    def gone_at(self) -> float | None:
        """Since when the subject is away, while the gap may still be bridged."""
        return None if self.story is None else self.story.gone_at

    @gone_at.setter
    def gone_at(self, at: float | None) -> None:
        if at is not None or self.story is not None:
            (self.story or self.begin_story()).gone_at = at

    @property
    def members(self) -> frozenset[str]:
        """The observations behind a key that several may stand behind."""
        return NOBODY if self.story is None else self.story.members

    @members.setter
    def members(self, members: frozenset[str]) -> None:
        if members or self.story is not None:
            (self.story or self.begin_story()).members = members

    @property
    def sample(self) -> Sample | None:
        """The last sample, kept while something is pending or open."""
        return None if self.story is None else self.story.sample

    @sample.setter
    def sample(self, sample: Sample | None) -> None:
        story = self.story
        if sample is not None:
            (self.story or self.begin_story()).sample = sample
        elif story is not None:
            story.sample = None
            if (
                not (story.episode or story.members or story.past or story.times)
                and story.gone_at is None
            ):
                self.story = None  # nothing happened: the first sample of every key comes by here

    @property
    def times(self) -> dict[str, float] | None:
        """When each of the last known values was reported; None: all with the last sample."""
        return None if self.story is None else self.story.times

    @times.setter
    def times(self, times: dict[str, float] | None) -> None:
        if times is not None or self.story is not None:
            (self.story or self.begin_story()).times = times

    @property
    def past(self) -> Past | None:
        """What late samples can go back to; None: it was always as it is."""
        return None if self.story is None else self.story.past

    @past.setter
    def past(self, past: Past | None) -> None:
        if past is not None or self.story is not None:
            (self.story or self.begin_story()).past = past

    def begin_story(self) -> KeyStory:
        """Return the story of a key that has none yet."""
        self.story = KeyStory()
        return self.story
