"""How fast the gateway is: alone, and behind a real broker on the same machine.

``main`` prints, and with ``--json`` its last line is one JSON object. Per broker: what a consumer
that does nothing but acknowledge reaches, what the gateway reaches with journal, rules, checkpoint
and embedded telemetry on, and the time from a reading's ``sent_at`` to its event in the API's hands
at 5,000 messages a second. The load comes from a process that speaks raw MQTT, so that the
publisher is not what is measured.
"""

from benchmarks.gateway.report import main

__all__ = ["main"]
