"""A rule that tells a sign what to show, and a sign that answers, for tests of orders."""

import msgspec

from contracts.codec import encode
from contracts.control import Command, CommandResult
from contracts.topics import Kind, box_topic
from runtime.session import Session
from tests.unit.gateway.city import DISTRICT, SITE

__all__ = ["SIGN_PACK", "Sign"]

SIGN_PACK = """
rules:
- id: alarm
  event: {type: public.alarm, title: {zh: "报警", en: "alarm"}}
  watch: {profile: alarm_button}
  key: [subject]
  ladder:
  - {level: red, when: pressed, clear: "!pressed", for: 0s, clear_for: 0s}
  actions:
  - {at: red, command: sign.show, device: sign-1, args: {text: "{subject}", blink: true}, clear: {command: sign.clear}}
"""


class Sign:
    """A sign 情报板 on the street: does every order once, answers every time it comes.

    Args:
        session: its way to the hub; it is started.
        box: its id, third level of its topics.
    """

    def __init__(self, session: Session, box: str = "sign-1") -> None:
        self.shown: list[str] = []
        self.answers = True
        self.refuses = ""
        self._session = session
        self._box = box
        self._done: dict[str, CommandResult] = {}
        session.subscribe(box_topic(DISTRICT, SITE, box, Kind.COMMAND))
        session.start()

    @property
    def connected(self) -> bool:
        """Whether it can hear orders."""
        return self._session.connected

    def step(self) -> None:
        """Carry out what came in, and answer."""
        heard = self._session.receive()
        for message in heard:
            order = msgspec.json.decode(message.payload, type=Command)
            if order.id not in self._done:
                if not self.refuses:
                    self.shown.append(f"{order.args['command']} {order.args.get('arg.text', '')}")
                self._done[order.id] = CommandResult(
                    id=order.id,
                    box=self._box,
                    at=order.at,
                    ok=not self.refuses,
                    detail=self.refuses,
                )
            if self.answers:
                topic = box_topic(DISTRICT, SITE, self._box, Kind.COMMAND_RESULT)
                assert self._session.publish(topic, encode(self._done[order.id]))
        self._session.acknowledge(heard)

    def close(self) -> None:
        """Leave the hub."""
        self._session.close()
