"""What happens to rejected messages: counted always, logged, kept and published within bounds."""

from collections import Counter, OrderedDict
from collections.abc import Sequence

import msgspec
import structlog

from gateway.dead_letter import HEAD_BYTES, DeadLetter, DeadLetterStore, dead_letter_topic
from gateway.errors import StoreError
from gateway.intake import Rejection
from runtime.session import Session

__all__ = ["DeadLetterCopy", "Rejections"]

_REMEMBERED = 10_000


class DeadLetterCopy(msgspec.Struct, frozen=True):
    """What is published about a dead letter; ``head`` is base64."""

    at_us: int
    reason: str
    box: str
    topic: str
    detail: str
    size_bytes: int
    head: bytes


class Rejections:
    """The desk for rejected messages: a flood of them fills neither log nor disk nor hub.

    Args:
        name: the gateway's, for the dead-letter topic.
        store: keeps them for a person.
        session: copies go out on it, best effort.
        quiet_s: seconds between two log lines about the same reason and box.
        letters_per_s: letters kept and published in a second; more are only counted.
    """

    def __init__(
        self,
        name: str,
        store: DeadLetterStore,
        session: Session,
        *,
        quiet_s: float = 60.0,
        letters_per_s: int = 100,
    ) -> None:
        self._topic = dead_letter_topic(name)
        self._store = store
        self._session = session
        self._quiet_s = quiet_s
        self._letters_per_s = letters_per_s
        self._said: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()
        self._second = 0
        self._letters = 0
        self._log = structlog.get_logger().bind(gateway=name)
        self.counters: Counter[str] = Counter()

    def take(self, rejected: Sequence[Rejection], now_s: float) -> None:
        """Log, keep and publish rejected messages, each as far as its bound allows."""
        letters: list[DeadLetter] = []
        for rejection in rejected:
            self._say(rejection, now_s)
            if self._admit(now_s):
                letters.append(_letter(rejection, now_s))
        if not letters:
            return
        try:
            self._store.add(letters)
        except StoreError as error:
            self.counters["store_failures"] += 1
            self._log.warning("dead_letters_not_kept", error=str(error), letters=len(letters))
        for letter in letters:
            self._session.publish(self._topic, msgspec.json.encode(DeadLetterCopy(*letter)), qos=0)

    def _say(self, rejection: Rejection, now_s: float) -> None:
        """Log a rejection unless the same was logged a moment ago."""
        key = (rejection.reason.value, rejection.box)
        last, silenced = self._said.get(key, (None, 0))
        if last is not None and 0.0 <= now_s - last < self._quiet_s:
            self._said[key] = (last, silenced + 1)
            return
        self._said[key] = (now_s, 0)
        self._said.move_to_end(key)
        if len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        self._log.warning(
            "message_rejected",
            reason=rejection.reason.value,
            box=rejection.box,
            topic=rejection.topic[:256],
            detail=rejection.detail[:512],
            size_bytes=len(rejection.payload),
            silenced=silenced,
        )

    def _admit(self, now_s: float) -> bool:
        """Return whether one more letter may be kept in this second."""
        second = int(now_s)
        if second != self._second:
            self._second, self._letters = second, 0
        self._letters += 1
        if self._letters > self._letters_per_s:
            self.counters["letters_not_kept"] += 1
            return False
        return True


def _letter(rejection: Rejection, now_s: float) -> DeadLetter:
    return DeadLetter(
        at_us=round(now_s * 1_000_000),
        reason=rejection.reason.value,
        box=rejection.box,
        topic=rejection.topic,
        detail=rejection.detail,
        size_bytes=len(rejection.payload),
        head=rejection.payload[:HEAD_BYTES],
    )
