"""A long backlog in a stream: how fast a gateway's lane works it off, and whether any is missing.

``python -m benchmarks gateway_backlog``: a million messages of 20 bytes, published natively, taken
in batches of 1,000 with one acknowledgement each; nothing stands behind the lane.
"""

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from random import Random

import nats
import structlog

from benchmarks.gateway.broker import running_broker
from benchmarks.gateway.load import DISTRICT
from benchmarks.gateway.runs import Way
from contracts.topics import Kind, box_topic
from gateway.intakes.bootstrap import build_lanes
from runtime.nats_subject import subject_of

__all__ = ["main"]

_MESSAGES = 1_000_000
_FLUSH_EVERY = 5_000


async def _store(port: int) -> None:
    connection = await nats.connect(f"nats://127.0.0.1:{port}")
    subject = subject_of(box_topic(DISTRICT, "bench", "box-0", Kind.READINGS))
    for number in range(_MESSAGES):
        await connection.publish(subject, b"%020d" % number)
        if number % _FLUSH_EVERY == 0:
            await connection.flush(timeout=60)
    await connection.flush(timeout=60)
    context = connection.jetstream(timeout=60)
    while (await context.stream_info("READINGS")).state.messages < _MESSAGES:  # noqa: ASYNC110 - the server tells nobody
        await asyncio.sleep(0.1)
    await connection.close()


def main(as_json: bool) -> None:
    """Measure and print."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running_broker("nats", folder) as ports:
            begun = time.perf_counter()
            asyncio.run(_store(ports.native))
            stored_s = time.perf_counter() - begun
            way = Way(ports, jetstream=True)
            lanes, _ = build_lanes(way.config(folder / "gateway", "backlog"), None, Random(1))
            begun = time.perf_counter()
            lanes.start()
            expected = out_of_order = 0
            while expected < _MESSAGES:
                lanes.wait(0.25)
                inbound = lanes.receive(1_000)
                for message in inbound:
                    out_of_order += int(message.payload) != expected
                    expected += 1
                lanes.settle()
            elapsed_s = time.perf_counter() - begun
            lanes.close()
    figures = {
        "messages": _MESSAGES,
        "out_of_order_or_missing": out_of_order,
        "stored_per_s": round(_MESSAGES / stored_s),
        "worked_off_per_s": round(_MESSAGES / elapsed_s),
    }
    print(
        f"{figures['messages']:,} messages: {figures['out_of_order_or_missing']} missing or out of "
        f"order, {figures['worked_off_per_s']:,}/s",
        file=sys.stderr,
    )
    if as_json:
        print(json.dumps(figures))
