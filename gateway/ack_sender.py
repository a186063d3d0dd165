"""Cumulative acks: telling boxes how far their streams are journalled."""

from contracts.ack import Ack
from contracts.codec import encode
from contracts.topics import Kind
from gateway.dedupe import Dedupe, StreamKey
from runtime.session import Session

__all__ = ["AckSender"]


class AckSender:
    """Sends one ack per stream that was heard of; what cannot be sent now waits.

    An ack goes out at QoS 0: a lost one is repeated as soon as the box sends anything again.
    """

    def __init__(self, dedupe: Dedupe, session: Session) -> None:
        self._dedupe = dedupe
        self._session = session
        self._due: dict[StreamKey, str] = {}
        self._resend: set[StreamKey] = set()
        self.sent = 0

    def owe(self, touched: dict[StreamKey, str], refused: set[StreamKey]) -> None:
        """Take over streams whose messages are journalled, with the topic prefix of their box.

        Args:
            touched: the streams.
            refused: those of them that should send again what follows.
        """
        self._due.update(touched)
        self._resend |= refused

    def send(self) -> None:
        """Send what is due, as far as the hub takes it."""
        done: list[StreamKey] = []
        for key, prefix in self._due.items():
            through = self._dedupe.through(*key)
            resend = key in self._resend
            if through >= 0 or resend:
                ack = Ack(
                    box=key.box,
                    boot_id=key.boot_id,
                    channel=key.channel,
                    through_seq=through,
                    resend=resend,
                )
                if not self._session.publish(f"{prefix}/{Kind.ACK.value}", encode(ack), qos=0):
                    break
                self.sent += 1
            done.append(key)
        for key in done:
            del self._due[key]
            self._resend.discard(key)
