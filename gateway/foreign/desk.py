"""The desk for foreign messages: the mappings in force, as journalled, and their translator."""

from collections.abc import Mapping

import structlog

from contracts.topics import PREFIX
from gateway.foreign.sources import (
    ForeignSources,
    compile_sources,
    decode_sources,
    encode_sources,
)
from gateway.foreign.translator import Translator
from gateway.registry import Registry, SubjectRecord
from runtime.errors import ConfigError

__all__ = ["ForeignDesk", "is_foreign"]

_IN_FORCE = "in_force"
_OURS = f"{PREFIX}/"


def is_foreign(topic: str) -> bool:
    """Return whether a topic is none of ours."""
    return not topic.startswith(_OURS)


class ForeignDesk:
    """What the rule host keeps about foreign systems: a function of the journal.

    Args:
        registry: learns the registered foreign devices.
        skew_s: how far ahead of its arrival a moment may lie; beyond, the record is rejected.
    """

    def __init__(self, registry: Registry, *, skew_s: float) -> None:
        self._registry = registry
        self.sources = ForeignSources()
        self.translator = Translator(skew_s=skew_s)
        self._changed = False

    def load(self, payload: bytes) -> bool:
        """Put journalled mappings and devices in force; False, logged, when they cannot be."""
        try:
            sources = decode_sources(payload)
            compiled = compile_sources(sources)
        except ConfigError as error:
            # they compiled before they were journalled: only another version refuses them
            structlog.get_logger().error("journalled_mappings_refused", error=str(error))
            return False
        self.sources = sources
        self._changed = True
        self.translator.replace(compiled.mappings, compiled.devices)
        for device in compiled.devices:
            self._registry.enlist(
                device.subject,
                SubjectRecord(
                    district=device.district,
                    site=device.site,
                    box=device.mapping,
                    profile=device.profile,
                    place=device.place,
                ),
            )
        return True

    def take_dirty(self) -> dict[str, bytes | None]:
        """Return what changed since the last call, for the checkpoint."""
        blobs = self.translator.take_dirty()
        if self._changed:
            blobs[_IN_FORCE] = encode_sources(self.sources)
            self._changed = False
        return blobs

    def restore(self, blobs: Mapping[str, bytes]) -> None:
        """Take back a checkpoint."""
        payload = blobs.get(_IN_FORCE)
        if payload is not None:
            self.load(payload)
            self._changed = False
        self.translator.restore(blobs)
