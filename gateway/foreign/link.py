"""What links the worker with foreign systems: their files, their topics, and requests to them."""

from collections import Counter

import structlog

from gateway.foreign.desk import ForeignDesk
from gateway.foreign.sources import ForeignFiles, compile_sources, encode_sources
from gateway.intakes.intake_lanes import IntakeLanes
from runtime.errors import ConfigError
from runtime.session import Session

__all__ = ["ForeignLink"]

_REBIRTH_EVERY_S = 60.0
"""How often one Sparkplug node is asked for a rebirth, seconds."""


class ForeignLink:
    """The live side of a desk; nothing of it is state.

    Args:
        session: requests are published on it.
        lanes: where topics are asked for.
        files: the configured files.
        desk: what is in force.
    """

    def __init__(
        self, session: Session, lanes: IntakeLanes, files: ForeignFiles, desk: ForeignDesk
    ) -> None:
        self._session = session
        self._lanes = lanes
        self._files = files
        self._desk = desk
        self._asked_for: dict[str, bool] = {}
        self._rebirths: dict[tuple[str, str], float] = {}
        self.counters: Counter[str] = Counter()

    def changed(self, *, starting: bool) -> bytes | None:
        """Return what to journal when files changed and are right; a bad file changes nothing."""
        if not self._files.changed() and not starting:
            return None
        try:
            sources = self._files.read()
            compile_sources(sources)
        except ConfigError as error:
            self.counters["refused"] += 1
            structlog.get_logger().error("mappings_refused", error=str(error))
            return None
        return None if sources == self._desk.sources else encode_sources(sources)

    def not_journalled(self) -> None:
        """Look at the files again next time: there was no room for them."""
        self._files.forget()

    def loaded(self) -> None:
        """Subscribe to what the new mappings want, and say so."""
        self.counters["loaded"] += 1
        self.subscribe()
        translator = self._desk.translator
        structlog.get_logger().info(
            "mappings_loaded", filters=tuple(translator.filters), devices=len(translator.devices)
        )

    def subscribe(self) -> None:
        """Ask the hub for the topics of every mapping, each once, those with urgent devices apart."""
        for topic_filter, urgent in self._desk.translator.filters.items():
            if self._asked_for.get(topic_filter) is not urgent:
                self._asked_for[topic_filter] = urgent
                self._lanes.listen(topic_filter, urgent=urgent)

    def ask_rebirths(self, now_s: float) -> None:
        """Ask Sparkplug nodes that speak in riddles for their births, once a minute each."""
        wanted = self._desk.translator.nodes.wants_rebirth
        if not wanted:
            return
        from gateway.foreign.sparkplug_payload import encode_rebirth  # noqa: PLC0415 - protobuf

        for group, node in sorted(wanted):
            last_s = self._rebirths.get((group, node))
            if last_s is not None and 0.0 <= now_s - last_s < _REBIRTH_EVERY_S:
                continue
            topic = f"spBv1.0/{group}/NCMD/{node}"
            if self._session.publish(topic, encode_rebirth(now_s), qos=0):
                self._rebirths[group, node] = now_s
                self.counters["rebirths"] += 1
        wanted.clear()
