"""How many cameras one box bears: recall, latency, processor and memory by their number."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import msgspec

from benchmarks.edge.decoding import decoding_s
from benchmarks.edge.episodes import CELLS, Episode, joined, observed, recall
from benchmarks.edge.media import MODEL, PERIOD_S, film, still
from benchmarks.edge.processes import pss_mb, usage
from benchmarks.edge.statistics import quantile
from contracts.ack import Ack
from contracts.codec import decode_message, encode
from contracts.envelope import Channel
from contracts.observation import Observation, ObservationKind, Phase
from contracts.topics import BoxTopic, Kind, box_topic, parse_topic
from edge.bootstrap import build
from edge.camera_config import Anchor, CameraConfig, GateConfig, LineConfig, OnnxConfig
from edge.config import BoxConfig, EdgeConfig
from edge.service import Agent
from edge.source_config import SourceConfig
from edge.vision_config import DecoderKind, VisionConfig
from edge.workers.process_feed import ProcessFeed
from runtime.memory_hub import MemoryHub

__all__ = ["CameraFigures", "Films", "busy", "idle", "pass_time", "running", "warm"]

_SETTLE_S = 6.0
"""Seconds of a run that are not measured: scenes are learnt."""

_START_S = 120.0
"""Most seconds until the last camera gives frames."""


_LINES = (
    LineConfig(id="post", start=(0.58, 1.0), end=(0.58, 0.0), anchor=Anchor.CENTRE),
    LineConfig(id="middle", start=(0.5, 1.0), end=(0.5, 0.0), anchor=Anchor.CENTRE),
)


class Films:
    """The films of the benchmark, and what a look at every frame of them observes.

    Attributes:
        active: films of which a quarter is alive.
        still: one in which nothing moves.
        frame_s: seconds of the processor to decode a frame of the first, the mean.
        still_frame_s: the same of the second.
        truth: episodes of each of the first.
    """

    def __init__(self, folder: Path) -> None:
        self.active = [film(folder / f"active-{phase}.mp4", phase) for phase in range(4)]
        self.still = still(folder / "still.mp4")
        self.frame_s = statistics.mean(decoding_s(path) for path in self.active)
        self.still_frame_s = decoding_s(self.still)
        every = GateConfig(enabled=False)
        self.truth = [
            observed(path, _camera(number, path, every)) for number, path in enumerate(self.active)
        ]


@dataclass(slots=True)
class CameraFigures:
    """What a number of cameras cost, and what was seen.

    Attributes:
        cameras: how many.
        recall: share (0..1) of the episodes of the all-frames run that were told of.
        p50_ms: from a frame to its observation on the hub.
        p99_ms: the same, 99 of 100.
        cores: seconds of the processor in a second, all processes.
        cores_beyond_decoding: the same without the processes of the decoders.
        cores_beyond_bare: the same without what decoding the frames that came takes by itself, measured
            in the same run: what the decoders do beside decoding counts.
        pss_mb: memory of all processes.
        looked: share of the frames that were inferred.
        dropped: share of the frames that were dropped.
        rung: the deepest rung of the ladder of load.
    """

    cameras: int
    recall: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    cores: float = 0.0
    cores_beyond_decoding: float = 0.0
    cores_beyond_bare: float = 0.0
    pss_mb: float = 0.0
    looked: float = 0.0
    dropped: float = 0.0
    rung: int = 0


@dataclass(slots=True)
class _Told:
    """What arrived at the hub's other side."""

    waits_s: list[float] = field(default_factory=list)
    episodes: dict[str, list[tuple[str, datetime, datetime]]] = field(default_factory=dict)


class _Listener:
    """Takes everything that the box says and acknowledges it, as a gateway does."""

    def __init__(self, hub: MemoryHub) -> None:
        self.told = _Told()
        self.measuring = False
        self._session = hub.session("listener")
        self._session.subscribe("city/v1/#")
        self._session.start()

    def step(self) -> None:
        """Take what came in."""
        now = datetime.now(UTC)
        through: dict[tuple[str, Channel], tuple[int, BoxTopic]] = {}
        inbound = [one for one in self._session.receive() if "/ack" not in one.topic]
        for one in inbound:
            message = decode_message(one.payload)
            topic = parse_topic(one.topic)
            channel = getattr(message, "channel", Channel.STATUS)
            if channel is not Channel.STATUS and isinstance(topic, BoxTopic):
                through[message.boot_id, channel] = (message.seq, topic)  # type: ignore[union-attr]
            if isinstance(message, Observation) and self.measuring:
                self._note(message, now)
        self._session.acknowledge(inbound)
        for (boot_id, channel), (seq, topic) in through.items():
            ack = Ack(box=topic.box, boot_id=boot_id, channel=channel, through_seq=seq)
            self._session.publish(
                box_topic(topic.district, topic.site, topic.box, Kind.ACK), encode(ack)
            )

    def _note(self, message: Observation, now: datetime) -> None:
        crossing = message.kind is ObservationKind.LINE_CROSSING
        if crossing or message.phase is Phase.START:
            self.told.waits_s.append((now - message.at).total_seconds())
        if message.phase is not Phase.END:
            return
        what = f"line {message.line} {message.direction}" if crossing else f"zone {message.zone}"
        span = message.started_at, message.ended_at or message.at
        self.told.episodes.setdefault(message.camera, []).append((what, *span))


def busy(films: Films, cameras: int, *, workers: int) -> CameraFigures:
    """Return the figures of so many cameras, each a quarter of the time alive."""
    paths = [films.active[number % 4] for number in range(cameras)]
    with running(paths, workers) as (agent, listener):
        warm(agent, listener)
        figures = CameraFigures(cameras, pss_mb=round(pss_mb(), 1))
        listener.measuring = True
        epochs = {feed.camera: feed.epoch for feed in _feeds(agent)}
        began = datetime.now(UTC)
        _measure(agent, listener, figures, PERIOD_S + 2.0, films.frame_s)
        # what began before the end is told with its end
        pass_time(agent, listener, 3.0)
        ended = datetime.now(UTC)
    hits = total = 0
    for number in range(cameras):
        camera = f"c-{number}"
        told = listener.told.episodes.get(camera, [])
        epoch = epochs[camera]
        if epoch is None:
            continue
        truth = _within(films.truth[number % 4], epoch, began, ended)
        found = [
            Episode(what, (a - epoch).total_seconds(), (b - epoch).total_seconds())
            for what, a, b in told
        ]
        one, all_of_it = recall(truth, joined(found))
        hits, total = hits + one, total + all_of_it
    figures.recall = round(hits / max(total, 1), 4)
    waits = [wait * 1000.0 for wait in listener.told.waits_s]
    figures.p50_ms, figures.p99_ms = round(quantile(waits, 0.5)), round(quantile(waits, 0.99))
    return figures


def idle(films: Films, cameras: int, *, workers: int, seconds: float) -> CameraFigures:
    """Return the figures of cameras in front of which nothing moves."""
    with running([films.still] * cameras, workers) as (agent, listener):
        warm(agent, listener)
        pass_time(agent, listener, _SETTLE_S)
        figures = CameraFigures(cameras, pss_mb=round(pss_mb(), 1))
        _measure(agent, listener, figures, seconds, films.still_frame_s)
    return figures


def _within(
    truth: list[Episode], epoch: datetime, began: datetime, ended: datetime
) -> list[Episode]:
    """Return the episodes of a looped film that lie wholly within a span of time."""
    first, last = (began - epoch).total_seconds(), (ended - epoch).total_seconds()
    found = []
    for turn in range(int(first // PERIOD_S), int(last // PERIOD_S) + 1):
        shift = turn * PERIOD_S
        found += [
            Episode(one.what, one.from_s + shift, one.to_s + shift)
            for one in truth
            if one.from_s + shift > first + 1.0 and one.to_s + shift < last - 4.0
        ]
    return found


def _camera(number: int, path: Path, gate: GateConfig) -> CameraConfig:
    return CameraConfig(
        id=f"c-{number}",
        source=SourceConfig(file=str(path), loop=True),
        detector=OnnxConfig(model=str(MODEL), classes=("person",)),
        gate=gate,
        zones=CELLS,
        lines=_LINES,
    )


@contextmanager
def running(paths: list[Path], workers: int) -> Iterator[tuple[Agent, _Listener]]:
    """Give a box that looks at these films, a camera each, and who listens to it."""
    with tempfile.TemporaryDirectory() as folder:
        config = EdgeConfig(
            box=BoxConfig(district="d-1", site="s-1", box="b-1"),
            cameras=tuple(_camera(number, path, GateConfig()) for number, path in enumerate(paths)),
            vision=VisionConfig(decoders=DecoderKind.PROCESSES, workers=workers),
            log_level="error",
        )
        hub = MemoryHub()
        listener = _Listener(hub)
        agent = build(
            msgspec.structs.replace(config),
            Path(folder),
            connect=lambda will: hub.session("b-1", will),
            rng=Random(1),
        )
        agent.start()
        try:
            yield agent, listener
        finally:
            agent.close()


def warm(agent: Agent, listener: _Listener) -> None:
    """Let the box work until every camera has given frames for a while."""
    deadline_s = time.monotonic() + _START_S
    while time.monotonic() < deadline_s:
        pass_time(agent, listener, 1.0)
        counters = agent.counters
        if all(counters.get(f"{lane.camera}.frames_read", 0) >= 20 for lane in agent.cameras):
            break
    pass_time(agent, listener, _SETTLE_S)


def pass_time(agent: Agent, listener: _Listener, seconds: float) -> int:
    """Let the box work for so long; return the deepest rung of load."""
    until_s = time.monotonic() + seconds
    rung = 0
    while time.monotonic() < until_s:
        if not agent.step(datetime.now(UTC)):
            agent.rest()
        listener.step()
        rung = max([rung] + [lane.rung for lane in agent.cameras])
    return rung


def _measure(
    agent: Agent,
    listener: _Listener,
    figures: CameraFigures,
    seconds: float,
    frame_s: float,
) -> None:
    pids = [feed.pid for feed in _feeds(agent) if feed.pid is not None]
    counters, before, started_s = agent.counters, usage(pids), time.monotonic()
    figures.rung = pass_time(agent, listener, seconds)
    elapsed_s = time.monotonic() - started_s
    used, after = usage(pids) - before, agent.counters

    def counted(name: str) -> int:
        return sum(
            after.get(f"c-{number}.{name}", 0) - counters.get(f"c-{number}.{name}", 0)
            for number in range(figures.cameras)
        )

    read, dropped = counted("frames_read"), counted("frames_overrun") + counted("dropped_frames")
    figures.looked = round(counted("frames_inferred") / max(read, 1), 3)
    figures.dropped = round(dropped / max(read + dropped, 1), 4)
    figures.cores = round(used.all_s / elapsed_s, 3)
    figures.cores_beyond_decoding = round((used.all_s - used.decoders_s) / elapsed_s, 3)
    bare_s = frame_s * (read + dropped)
    figures.cores_beyond_bare = round((used.all_s - bare_s) / elapsed_s, 3)


def _feeds(agent: Agent) -> list[ProcessFeed]:
    return [lane.feed for lane in agent.cameras if isinstance(lane.feed, ProcessFeed)]
