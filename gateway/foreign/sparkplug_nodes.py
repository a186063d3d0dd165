"""Sparkplug B sessions: births, deaths, aliases and sequence numbers of edge nodes.

Source: Eclipse Sparkplug 3.0.0, chapters 4 (topics), 5 (operational behaviour) and 6 (payloads).
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from contracts.readings import Value
from gateway.foreign.errors import ForeignReason, ForeignRejected, ForeignSkipped, Skip
from gateway.foreign.records import ForeignRecord
from gateway.foreign.sparkplug_payload import Metric, SparkplugPayload, typed_value

__all__ = ["SparkplugNodes", "SparkplugTopic", "parse_sparkplug_topic"]

_NAMESPACE = "spBv1.0"
_BDSEQ = "bdSeq"
_SEQ_MODULUS = 256
_TAKEN = frozenset({"NBIRTH", "DBIRTH", "NDATA", "DDATA", "NDEATH", "DDEATH"})


class SparkplugTopic(NamedTuple):
    """``spBv1.0/{group}/{kind}/{node}[/{device}]``."""

    group: str
    kind: str
    node: str
    device: str

    @property
    def node_id(self) -> str:
        """Group and node."""
        return f"{self.group}/{self.node}"

    @property
    def foreign_id(self) -> str:
        """Group, node and, where there is one, device."""
        return f"{self.node_id}/{self.device}" if self.device else self.node_id


class _Alias(msgspec.Struct, frozen=True, array_like=True):
    """What a birth said of one metric."""

    name: str
    datatype: int
    unit: str | None
    owner: str
    """Device that it belongs to; empty for the node itself."""


class _Node(msgspec.Struct, array_like=True):
    """One edge node's session."""

    bdseq: float | bool | str | None = None
    alive: bool = False
    by_alias: dict[int, _Alias] = {}
    by_name: dict[str, _Alias] = {}
    """By ``device/metric``."""


_DECODER = msgspec.json.Decoder(_Node)


def parse_sparkplug_topic(topic: str) -> SparkplugTopic:
    """Return what a topic names.

    Raises:
        ForeignSkipped: a command or the state of a host: nothing to read.
        ForeignRejected: ``malformed``: no topic of Sparkplug B.
    """
    levels = topic.split("/")
    if levels[0] == _NAMESPACE and len(levels) > 1 and levels[1] == "STATE":
        raise ForeignSkipped(Skip.IGNORED)
    if levels[0] != _NAMESPACE or len(levels) not in {4, 5}:
        raise ForeignRejected(
            ForeignReason.MALFORMED,
            f"topic {topic[:120]!r}: expected {_NAMESPACE}/group/TYPE/node[/device]",
        )
    kind = levels[2]
    if kind in {"NCMD", "DCMD"}:
        raise ForeignSkipped(Skip.IGNORED)
    if kind not in _TAKEN or (kind[0] == "D") != (len(levels) == 5):
        raise ForeignRejected(
            ForeignReason.MALFORMED, f"topic {topic[:120]!r}: {kind[:20]!r} does not fit here"
        )
    return SparkplugTopic(levels[1], kind, levels[3], levels[4] if len(levels) == 5 else "")


class SparkplugNodes:
    """The sessions of all nodes: a function of the messages that were taken.

    A rejected message changes nothing, because a replay never sees it.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._dirty: set[str] = set()
        self._seqs: dict[str, int] = {}
        self.gaps = 0
        """Sequence numbers that did not follow the one before."""
        self.historical = 0
        """Metrics that a node had stored while it was away."""
        self.wants_rebirth: set[tuple[str, str]] = set()
        """Group and node of those that should tell everything again."""

    def hear(self, topic: SparkplugTopic, payload: SparkplugPayload) -> None:
        """Look for messages that never came: seq counts all that a node and its devices send.

        What is not taken counts too, so this is no part of the state; a restart begins anew.
        """
        if payload.seq is None:
            return
        last = self._seqs.get(topic.node_id)
        self._seqs[topic.node_id] = payload.seq
        if topic.kind == "NBIRTH" or last is None:
            return
        if payload.seq != (last + 1) % _SEQ_MODULUS:
            self.gaps += 1
            self.wants_rebirth.add((topic.group, topic.node))

    def read(self, topic: SparkplugTopic, payload: SparkplugPayload) -> list[ForeignRecord]:
        """Return the values that a message brings, and take note of what it says of the session.

        Raises:
            ForeignRejected: ``no_birth``: a metric's name is not known yet; nothing has changed.
            ForeignSkipped: a death of a session that is over already.
        """
        known = self._nodes.get(topic.node_id)
        if topic.kind == "NDEATH":
            return self._death(topic, known, payload)
        if topic.kind == "NBIRTH":
            known = self._nodes[topic.node_id] = _Node(_bdseq(payload), True, {}, {})
        elif known is None or not known.alive:
            self.wants_rebirth.add((topic.group, topic.node))
            raise ForeignRejected(
                ForeignReason.NO_BIRTH,
                f"{topic.kind} of {topic.node_id} before its NBIRTH; a rebirth was asked for",
                topic.foreign_id,
            )
        if topic.kind.endswith("BIRTH"):
            payload = payload._replace(metrics=tuple(m for m in payload.metrics if m.name))
            self._learn(known, topic, payload)
            self._dirty.add(topic.node_id)
        return [] if topic.kind == "DDEATH" else self._records(known, topic, payload)

    def lone(self, topic: SparkplugTopic) -> "SparkplugNodes":
        """Return a copy that knows this node only: reading from it changes nothing here."""
        copy = SparkplugNodes()
        known = self._nodes.get(topic.node_id)
        if known is not None:
            copy.restore([(topic.node_id, msgspec.json.encode(known))])
        return copy

    def _death(
        self, topic: SparkplugTopic, known: _Node | None, payload: SparkplugPayload
    ) -> list[ForeignRecord]:
        """Take in a last will, unless it is of a session that a newer birth has replaced."""
        told = _bdseq(payload)
        if known is None or not known.alive or (told is not None and told != known.bdseq):
            raise ForeignSkipped(Skip.NOTHING)
        known.alive = False
        self._dirty.add(topic.node_id)
        return []

    @staticmethod
    def _learn(node: _Node, topic: SparkplugTopic, payload: SparkplugPayload) -> None:
        for metric in payload.metrics:
            alias = _Alias(metric.name, metric.datatype, metric.unit, topic.device)
            node.by_name[f"{topic.device}/{metric.name}"] = alias
            if metric.alias is not None:
                node.by_alias[metric.alias] = alias

    def _records(
        self, node: _Node, topic: SparkplugTopic, payload: SparkplugPayload
    ) -> list[ForeignRecord]:
        """Return one record per moment: metrics may be older than their message."""
        found: dict[float | None, ForeignRecord] = {}
        for metric in payload.metrics:
            alias = self._alias(node, topic, metric)
            value = typed_value(metric.raw, metric.datatype or alias.datatype)
            if value is None or alias.name == _BDSEQ:
                continue
            self.historical += metric.historical
            at_s = metric.at_s if metric.at_s is not None else payload.at_s
            record = found.get(at_s)
            if record is None:
                record = found[at_s] = ForeignRecord(topic.foreign_id, at_s, {}, {})
            record.values[alias.name] = value
            unit: str | None = metric.unit or alias.unit
            if unit is not None:
                record.units[alias.name] = unit
        return list(found.values())

    def _alias(self, node: _Node, topic: SparkplugTopic, metric: Metric) -> _Alias:
        if metric.name:
            known = node.by_name.get(f"{topic.device}/{metric.name}")
            return known or _Alias(metric.name, metric.datatype, metric.unit, topic.device)
        known = node.by_alias.get(metric.alias) if metric.alias is not None else None
        if known is None or known.owner != topic.device:
            self.wants_rebirth.add((topic.group, topic.node))
            raise ForeignRejected(
                ForeignReason.NO_BIRTH,
                f"{topic.kind} of {topic.foreign_id}: alias {metric.alias} was in no birth; "
                "a rebirth was asked for",
                topic.foreign_id,
            )
        return known

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return the sessions that changed since the last call."""
        blobs: dict[str, bytes | None] = {
            name: msgspec.json.encode(self._nodes[name]) for name in self._dirty
        }
        self._dirty.clear()
        return blobs

    def restore(self, blobs: Iterable[tuple[str, bytes]]) -> None:
        """Take back what :meth:`take_dirty` gave out."""
        for name, blob in blobs:
            self._nodes[name] = _DECODER.decode(blob)


def _bdseq(payload: SparkplugPayload) -> Value | None:
    """Return the number of the session that a birth or a death is of."""
    return next((typed_value(m.raw, m.datatype) for m in payload.metrics if m.name == _BDSEQ), None)
