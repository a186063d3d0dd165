"""Back-tests on what a NATS server has stored."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import nats
import pytest
from click.testing import CliRunner

from cityloop.rules_tools.commands import main
from contracts.codec import encode
from contracts.envelope import Channel
from contracts.readings import Readings, Record
from contracts.topics import Kind, box_topic
from runtime.nats_subject import subject_of
from tests.integration.gateway.broker import Broker, start_jetstream
from tests.unit.rules_tools.scenario import FLOOD

pytestmark = pytest.mark.slow

DEPTHS = (0.1, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2, 0.1)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """Yield a nats-server with our streams."""
    running = start_jetstream(tmp_path)
    yield running
    running.stop()


def message(number: int, depth_m: float) -> bytes:
    """Return a reading, ten seconds after the one before."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10 * (len(DEPTHS) - number))
    record = Record(
        bn="uw-01/", profile="water_level", n="depth_m", u="m", v=depth_m, t=at.timestamp()
    )
    return encode(
        Readings(
            id=f"m-{number}",
            box="box-1",
            boot_id="0" * 16,
            channel=Channel.READINGS,
            seq=number,
            at=at,
            records=(record,),
        )
    )


async def store(port: int) -> None:
    """Put a flood into READINGS, one message twice and one that is none of ours."""
    connection = await nats.connect(f"nats://127.0.0.1:{port}")
    context = connection.jetstream(timeout=30)
    subject = subject_of(box_topic("riverside", "old-town", "box-1", Kind.READINGS))
    for number, depth_m in enumerate(DEPTHS):
        await context.publish(subject, message(number, depth_m))
    await context.publish(subject, message(3, 0.2))
    await context.publish(subject, b"not ours")
    await connection.close()


def test_a_stored_stream_is_replayed_by_its_address(broker: Broker, tmp_path: Path) -> None:
    """The flood in it is one event; what was sent again counts once; the second time nothing differs."""
    asyncio.run(store(broker.native or 0))
    pack = tmp_path / "pack.yaml"
    pack.write_text(FLOOD, encoding="utf-8")
    address = f"nats://127.0.0.1:{broker.native}/READINGS"

    arguments = ["replay", str(pack), "--from", address, "--json"]
    first, second = (CliRunner().invoke(main, arguments) for _ in range(2))

    assert first.exit_code == 0, first.output
    found = json.loads(first.stdout.splitlines()[-1])
    assert (found["records"], found["count"]) == (len(DEPTHS), 1)
    assert found["events"][0]["rule"] == "waterlogging"
    assert first.stdout.splitlines()[-1] == second.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/NOWHERE", "streams NOWHERE cannot be read"), ("", "expected nats://host:port/STREAM")],
    ids=["no-such-stream", "no-name"],
)
def test_what_cannot_be_read_is_told(
    broker: Broker, tmp_path: Path, path: str, reason: str
) -> None:
    """With the address and what to check."""
    pack = tmp_path / "pack.yaml"
    pack.write_text(FLOOD, encoding="utf-8")
    address = f"nats://127.0.0.1:{broker.native}{path}"

    result = CliRunner().invoke(main, ["replay", str(pack), "--from", address])

    assert result.exit_code == 2
    assert reason in result.output
