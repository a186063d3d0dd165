"""Episodes that a box has begun and not yet ended, kept on disk so that every one gets its end."""

import sqlite3
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from contracts.envelope import Evidence, Place
from contracts.ids import observation_id
from contracts.observation import ObservationKind, OriginalClip, Phase
from edge.letters import observation_letter
from runtime.outbox import Letter

__all__ = ["Episode", "EpisodeBook", "EpisodeKey"]


class EpisodeKey(msgspec.Struct, frozen=True):
    """What makes an episode itself while it lasts: ``where`` is a zone or line, or empty."""

    camera: str
    kind: ObservationKind
    where: str = ""
    track: int = 0


class Episode(msgspec.Struct, kw_only=True):
    """One open episode, as last told."""

    key: EpisodeKey
    observation_id: str
    rev: int
    started_at: datetime
    seen_at: datetime
    """Latest moment that it is known to have lasted to."""
    told_at: datetime
    """Moment of the last statement about it."""
    zone: str | None = None
    zone_kind: str | None = None
    line: str | None = None
    direction: str | None = None
    track: int | None = None
    label: str | None = None
    confidence: float = 0.0
    dwell_s: float = 0.0
    speed_m_s: float | None = None
    speed_error_m_s: float | None = None
    heading_deg: float | None = None
    count: int | None = None
    place: Place | None = None
    evidence: tuple[Evidence, ...] = ()
    model: str | None = None
    clips: tuple[Evidence, ...] = ()
    original_clip: OriginalClip | None = None


_DETAILS = (
    "zone", "zone_kind", "line", "direction", "track", "label", "confidence", "dwell_s",
    "speed_m_s", "speed_error_m_s", "heading_deg", "count", "place", "model", "original_clip",
)  # fmt: skip


class EpisodeBook:
    """Begins, continues and ends episodes, and remembers the open ones across a crash.

    The order of one round is: call :meth:`begin`, :meth:`advance` and :meth:`end`, then
    :meth:`save`, then hand the letters to the outbox, then :meth:`forget`. A crash between any two
    of them leaves at worst an end that is told twice, with a higher ``rev`` the second time; never
    a start without an end, and never one ``rev`` that says two different things: on disk stands
    at least what was told.

    Args:
        box: id of the box.
        path: SQLite file beside the outbox; ``:memory:`` remembers nothing.
        update_every_s: least seconds between two updates of one episode.
    """

    def __init__(self, box: str, path: Path | str, *, update_every_s: float) -> None:
        self._box = box
        self.update_every(update_every_s)
        self._open: dict[EpisodeKey, Episode] = {}
        self._by_camera: dict[str, set[EpisodeKey]] = {}
        self._dirty: dict[str, Episode] = {}
        self._stored: set[str] = set()
        self._ended: list[str] = []
        self._expecting: dict[str, Episode] = {}
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=FULL")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS open_episode (id TEXT PRIMARY KEY, body BLOB NOT NULL) "
            "WITHOUT ROWID"
        )

    @property
    def open_keys(self) -> frozenset[EpisodeKey]:
        """Keys of the episodes that are open."""
        return frozenset(self._open)

    def is_open(self, key: EpisodeKey) -> bool:
        """Return whether an episode is open."""
        return key in self._open

    def open_of(self, camera: str) -> Collection[EpisodeKey]:
        """Return the keys of one camera's open episodes; asked of every frame, so nothing is copied."""
        return self._by_camera.get(camera, ())

    def update_every(self, seconds: float) -> None:
        """Let so many seconds pass at least between two updates of one episode."""
        self._update_every = timedelta(seconds=seconds)

    def recover(self, now: datetime) -> list[Letter]:
        """Return the ends of everything an earlier boot left open; call once, before anything else.

        They ended when they were last known to last; ``at`` is the present moment.
        """
        rows = self._database.execute("SELECT body FROM open_episode ORDER BY id").fetchall()
        decoder = msgspec.json.Decoder(Episode)
        left = [decoder.decode(body) for (body,) in rows]
        self._stored.update(episode.observation_id for episode in left)
        return [self._ending(episode, now) for episode in left]

    def begin(
        self,
        key: EpisodeKey,
        *,
        at: datetime,
        started_at: datetime,
        **details: Any,
    ) -> Letter:
        """Begin an episode and return its start.

        Args:
            key: what makes it itself.
            at: moment of the statement.
            started_at: when it began, at or before ``at``.
            details: further fields of :class:`Episode`.
        """
        where = f"{key.where}/{key.track}"
        episode = Episode(
            key=key,
            observation_id=observation_id(self._box, key.camera, key.kind, where, started_at),
            rev=0,
            started_at=started_at,
            seen_at=at,
            told_at=at,
            **details,
        )
        self._open[key] = self._dirty[episode.observation_id] = episode
        self._by_camera.setdefault(key.camera, set()).add(key)
        return self._letter(episode, at, Phase.START)

    def advance(
        self,
        key: EpisodeKey,
        *,
        at: datetime,
        **details: Any,
    ) -> Letter | None:
        """Note that an open episode lasts; return an update where it is time for one."""
        episode = self._open[key]
        episode.seen_at = at
        for name, value in details.items():
            setattr(episode, name, value)
        if at - episode.told_at < self._update_every:
            return None
        episode.rev += 1
        episode.told_at = at
        self._dirty[episode.observation_id] = episode
        return self._letter(episode, at, Phase.UPDATE)

    def end(
        self,
        key: EpisodeKey,
        *,
        at: datetime,
        ended_at: datetime,
        **details: Any,
    ) -> Letter:
        """End an open episode and return its end."""
        episode = self._open.pop(key)
        self._by_camera[key.camera].discard(key)
        for name, value in details.items():
            setattr(episode, name, value)
        episode.seen_at = max(ended_at, episode.started_at)
        return self._ending(episode, at)

    def flash(
        self,
        key: EpisodeKey,
        *,
        at: datetime,
        **details: Any,
    ) -> list[Letter]:
        """Return start and end of an episode that takes no time, like a crossing."""
        return [
            self.begin(key, at=at, started_at=at, **details),
            self.end(key, at=at, ended_at=at),
        ]

    def expect_clip(self, key: EpisodeKey) -> str:
        """Keep in mind, beyond its end, an open episode that may get a clip; return its id."""
        episode = self._open[key]
        self._expecting[episode.observation_id] = episode
        return episode.observation_id

    def forget_clip(self, episode_id: str) -> None:
        """Expect no clip for an episode any more."""
        self._expecting.pop(episode_id, None)

    def attach_clip(
        self,
        episode_id: str,
        *,
        at: datetime,
        evidence: Evidence | None,
        original: OriginalClip | None,
    ) -> Letter | None:
        """Return an update that carries a clip, or the end once more where the episode is over.

        Args:
            episode_id: whose; None is returned for one of which no clip was expected.
            at: moment of the statement.
            evidence: a clip that leaves the box.
            original: one that stays there.
        """
        episode = self._expecting.pop(episode_id, None)
        if episode is None:
            return None
        episode.clips = () if evidence is None else (evidence,)
        episode.original_clip = original
        episode.rev += 1
        if episode_id in self._stored:
            self._dirty[episode_id] = episode
        if self._open.get(episode.key) is not episode:
            return self._letter(episode, max(at, episode.told_at), Phase.END)
        episode.told_at = at
        self._dirty[episode_id] = episode
        return self._letter(episode, at, Phase.UPDATE)

    def save(self) -> None:
        """Write what changed to disk; durable on return.

        Raises:
            sqlite3.Error: the disk is full or broken; what changed is kept for the next call.
        """
        if not self._dirty:
            return
        rows = [(e.observation_id, msgspec.json.encode(e)) for e in self._dirty.values()]
        self._write("INSERT OR REPLACE INTO open_episode VALUES (?, ?)", rows)
        self._stored.update(self._dirty)
        self._dirty.clear()

    def forget(self) -> None:
        """Strike out the episodes whose ends are safe in the outbox.

        Raises:
            sqlite3.Error: the disk is full or broken; they are kept for the next call.
        """
        if not self._ended:
            return
        self._write("DELETE FROM open_episode WHERE id = ?", [(name,) for name in self._ended])
        self._stored.difference_update(self._ended)
        self._ended.clear()

    def close(self) -> None:
        """Close the file; what is open stays open in it."""
        self._database.close()

    def _write(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(statement, rows)
            self._database.execute("COMMIT")
        except sqlite3.Error:
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")
            raise

    def _ending(self, episode: Episode, at: datetime) -> Letter:
        episode.rev += 1
        episode.told_at = at
        if episode.observation_id in self._stored:
            # should the box die before it is struck out, the end that is told then is a later one
            self._dirty[episode.observation_id] = episode
        else:
            self._dirty.pop(episode.observation_id, None)
        self._ended.append(episode.observation_id)
        return self._letter(episode, at, Phase.END)

    def _letter(self, episode: Episode, at: datetime, phase: Phase) -> Letter:
        facts: dict[str, Any] = {name: getattr(episode, name) for name in _DETAILS}
        facts |= {
            "observation_id": episode.observation_id,
            "rev": episode.rev,
            "phase": phase,
            "camera": episode.key.camera,
            "started_at": episode.started_at,
            "ended_at": episode.seen_at if phase is Phase.END else None,
            "evidence": (*episode.evidence, *episode.clips),
        }
        return observation_letter(episode.key.kind, at, facts)
