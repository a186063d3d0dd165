"""The first function of every worker process."""

from multiprocessing.connection import Connection
from typing import Any

from edge.workers.nursery import quieten

__all__ = ["run"]


def run(target: str, pipe: Connection, *arguments: Any) -> None:
    """Run a ``decoder`` or an ``inference`` worker until the agent closes its end of the pipe."""
    quieten()
    if target == "decoder":
        from edge.workers.decoder import Decoder  # noqa: PLC0415 - each worker needs only its own

        Decoder(pipe, *arguments).run()
        return
    from edge.workers.inference_worker import InferenceWorker  # noqa: PLC0415 - the same

    InferenceWorker(pipe, *arguments).run()
