"""A stack of supervised processes: started in order, each when the one before it answers."""

import sys
from collections.abc import Sequence
from pathlib import Path

from cityloop.errors import NotReady
from cityloop.process import ChildProcess
from cityloop.stack.api_client import ApiClient
from cityloop.stack.documents import (
    Document,
    api_document,
    gateway_document,
    hub_document,
    write_document,
)
from cityloop.stack.loopback import answers, wait_until
from cityloop.stack.plan import StackPlan, secret_file
from cloud_api.bootstrap import open_database
from cloud_api.config import ApiConfig
from cloud_api.keys import KeyRing, Role
from cloud_api.migrate import upgrade
from runtime.clock import build_clock
from runtime.yaml_document import load_config

__all__ = ["Stack"]

_READY_S = 120.0
"""A part that dies is noticed at once; one that lives may need its time on a busy machine, seconds."""
_KEYS = (
    ("admin", Role.ADMIN),
    ("gateway", Role.GATEWAY),
    ("box", Role.BOX),
    ("hub", Role.HUB),
    ("operator", Role.OPERATOR),
)


class Stack:
    """Hub, API and gateway, and whatever boxes are added, on one machine.

    Args:
        plan: folder, ports, identities.
        packs: paths of rule packs.
    """

    def __init__(self, plan: StackPlan, packs: Sequence[str]) -> None:
        self.plan = plan
        self.processes: dict[str, ChildProcess] = {}
        self.operator_key = ""
        self._packs = packs

    def prepare(self, *, gateway: Document | None = None) -> None:
        """Write configurations, passwords and keys; make the API's database.

        What a former run left in the folder (keys, passwords, data) is kept.

        Args:
            gateway: sections that differ in the gateway's configuration.

        Raises:
            RuntimeFault: a configuration cannot be read back.
        """
        plan = self.plan
        for user in ("gateway", "api", "admin", *plan.boxes):
            secret_file(plan.secret(f"{user}.password"))
        self._write("hub", hub_document(plan))
        config = load_config(self._write("api", api_document(plan)), ApiConfig)
        store = open_database(config)
        try:
            upgrade(store)
            ring, now = KeyRing(store, cache_s=0.0), build_clock(config.clock).now()
            for name, role in _KEYS:
                if not plan.secret(f"{name}.key").exists():
                    secret_file(plan.secret(f"{name}.key"), ring.create(name, role, now)[1])
        finally:
            store.dispose()
        self.operator_key = plan.secret("operator.key").read_text("utf-8").strip()
        self._write("gateway", gateway_document(plan, self._packs) | (gateway or {}))

    def start(self) -> None:
        """Start hub, API and gateway and wait until each answers.

        Raises:
            NotReady: one did not answer in time.
            ProcessDied: one ended at once.
        """
        hub = [sys.executable, "-m", "cityloop", "hub", "run"]
        self.add("hub", [*hub, "--config", str(self._config("hub"))])
        self.await_ready("hub")
        api = [sys.executable, "-m", "cloud_api", "serve"]
        self.add("api", [*api, "--config", str(self._config("api"))])
        gateway = [sys.executable, "-m", "gateway", "run"]
        self.add("gateway", [*gateway, "--config", str(self._config("gateway"))])
        self.await_ready("api")
        self.await_ready("gateway")

    def add(self, name: str, argv: Sequence[str]) -> ChildProcess:
        """Start one more process under a name."""
        process = ChildProcess(name, argv, log=self.plan.folder / "logs" / f"{name}.log")
        self.processes[name] = process
        process.start()
        return process

    def add_role(self, name: str, module: str, document: Document, *words: str) -> ChildProcess:
        """Write a configuration and start ``python -m module words --config FILE`` under a name."""
        config = self._write(name, document)
        return self.add(name, [sys.executable, "-m", module, *words, "--config", str(config)])

    def ready(self, name: str) -> bool:
        """Return whether a part answers its health check."""
        ports = self.plan.ports
        if name == "hub":
            return answers(ports.mqtt)
        if name == "api":
            return answers(ports.api)
        if name == "gateway":
            return answers(ports.gateway)
        process = self.processes[name]
        return process.said("agent_started") if name == "edge" else process.alive

    def await_ready(self, name: str, timeout_s: float = _READY_S) -> None:
        """Wait until a part answers.

        Raises:
            NotReady: it did not, within ``timeout_s`` seconds.
            ProcessDied: it ended.
        """
        process = self.processes[name]

        def settled() -> bool:
            return not process.alive or self.ready(name)

        came = wait_until(settled, timeout_s)
        process.require_alive()
        if not came:
            raise NotReady(
                f"{name} does not answer after {timeout_s:.0f} s; its log {process.log} ends "
                f"with:\n{process.log_tail()}"
            )

    def client(self) -> ApiClient:
        """Return a caller with the operator's key."""
        return ApiClient(self.plan.api_url, self.operator_key)

    def check(self) -> None:
        """Check that every process still runs.

        Raises:
            ProcessDied: one does not.
        """
        for process in self.processes.values():
            process.require_alive()

    def drain(self, name: str, module: str, document: Document, timeout_s: float) -> bool:
        """Stop a box, then run it once more with nothing to sense until all it holds has left.

        Returns:
            Whether it had nothing left, and ended by itself, within ``timeout_s`` seconds.
        """
        self.processes[name].stop()
        process = self.add_role(name, module, document, "run")
        status = process.wait_exit(timeout_s)
        process.stop()
        return status == 0

    def check_essential(self) -> None:
        """Check that hub, API and gateway still run; boxes may have nothing left to say.

        Raises:
            ProcessDied: one does not.
        """
        for name in ("hub", "api", "gateway"):
            self.processes[name].require_alive()

    def stop(self) -> None:
        """Stop every process, the youngest first; the hub last."""
        for process in reversed(self.processes.values()):
            process.stop()

    def _config(self, name: str) -> Path:
        return self.plan.folder / f"{name}.yaml"

    def _write(self, name: str, document: Document) -> Path:
        return write_document(self._config(name), document)
