"""What a box's eyes cost and what they miss: beside the bare network, beside peers, by number of cameras.

``main`` prints, and with ``--json`` its last line is one JSON object; ``docs/vision.md`` says what
each figure means. The clips and the network lie beside the repository; without them it refuses.
"""

from benchmarks.edge.report import main

__all__ = ["main"]
