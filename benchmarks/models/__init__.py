"""What judging costs beside the bare network, and how fast a network runs in each runtime.

``main`` prints, and with ``--json`` its last line is one JSON object; ``docs/judging.md`` and
``docs/shrinking.md`` say what each figure means. The clip and the network lie beside the repository.
"""

from benchmarks.models.report import main

__all__ = ["main"]
