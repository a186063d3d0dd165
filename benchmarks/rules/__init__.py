"""How fast rules are: the engine against hand-written Python, the whole way of a reading, ten thousand rules, a back-test, Node-RED.

``main`` prints, and with ``--json`` its last line is one JSON object. Rates of one core are per second of
its processor time, which other work on the machine disturbs less than the clock. What cannot run here
(no npm, no Mosquitto) is null, with the reason beside it.
"""

from benchmarks.rules.report import main

__all__ = ["main"]
