"""A box as a real process reaches a real gateway over either broker."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cityloop.audit.collection import read_journal_book, read_ledger
from cityloop.process import ChildProcess
from cityloop.stack.documents import edge_document, gateway_document, hub_document, write_document
from cityloop.stack.loopback import answers, wait_until
from cityloop.stack.plan import StackPlan, plan_stack, secret_file

pytestmark = pytest.mark.slow

_MESSAGES = 400
_MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


def _mosquitto(plan: StackPlan) -> list[str]:
    """Return how Mosquitto is started, with the stack's users and passwords."""
    if _MOSQUITTO is None:
        pytest.skip("mosquitto is not installed")
    passwords = plan.folder / "passwords"
    passwords.touch(mode=0o600)
    for user in ("gateway", *plan.boxes):
        secret = plan.secret(f"{user}.password").read_text("utf-8").strip()
        subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, secret], check=True)
    configuration = plan.folder / "mosquitto.conf"
    configuration.write_text(
        f"listener {plan.ports.mqtt} 127.0.0.1\nallow_anonymous false\nuser root\n"
        f"password_file {passwords}\nmax_inflight_messages 1000\n",
        encoding="utf-8",
    )
    return [_MOSQUITTO, "-c", str(configuration)]


def _nats(plan: StackPlan) -> list[str]:
    """Return how our own hub is started."""
    config = write_document(plan.folder / "hub.yaml", hub_document(plan))
    return [sys.executable, "-m", "cityloop", "hub", "run", "--config", str(config)]


@pytest.fixture(params=[_mosquitto, _nats], ids=["mosquitto", "nats"])
def plan(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StackPlan]:
    """Yield a plan whose broker runs."""
    # streams are our own hub's; any other broker is heard as a session
    intake = "jetstream" if request.param is _nats else "mqtt"
    made = plan_stack(tmp_path / "stack", intake=intake)
    for user in ("gateway", "api", "admin", *made.boxes):
        secret_file(made.secret(f"{user}.password"))
    broker = ChildProcess("broker", request.param(made), log=made.folder / "logs" / "broker.log")
    broker.start()
    try:
        assert wait_until(lambda: answers(made.ports.mqtt), 30.0), broker.log_tail()
        yield made
    finally:
        broker.stop()


def test_every_reading_of_a_box_is_journalled(plan: StackPlan) -> None:
    """The box's ledger and the gateway's journal hold the same messages, and its outbox empties."""
    gateway_config = gateway_document(plan, []) | {"api": None}
    load = {"driver": "load", "rate_hz": 200.0, "subjects": 20, "total": _MESSAGES}
    edge_config = edge_document(plan, sensors=[load]) | {"api": None}
    gateway = _role(plan, "gateway", gateway_config)
    edge = _role(plan, "edge", edge_config)
    try:
        journalled = wait_until(lambda: _count(plan) >= _MESSAGES, 60.0)
    finally:
        edge.stop()
        gateway.stop()

    assert journalled, edge.log_tail() + gateway.log_tail()
    assert _count(plan) == sum(read_ledger(plan.outbox(plan.edge_box)).values())


def _role(plan: StackPlan, module: str, document: dict[str, object]) -> ChildProcess:
    config = write_document(plan.folder / f"{module}.yaml", document)
    argv = [sys.executable, "-m", module, "run", "--config", str(config)]
    process = ChildProcess(module, argv, log=plan.folder / "logs" / f"{module}.log")
    process.start()
    return process


def _count(plan: StackPlan) -> int:
    if not plan.journal.exists() or not any(plan.journal.iterdir()):
        return 0
    return len(read_journal_book(plan.journal, default_district=plan.district).messages)
