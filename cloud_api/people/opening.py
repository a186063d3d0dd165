"""Opening the register of users for commands; what they change is noted in the audit log."""

import getpass
from datetime import datetime
from typing import NamedTuple

from cloud_api.audit.ledger import AuditLedger, draft
from cloud_api.audit.opening import open_audit
from cloud_api.config import ApiConfig
from cloud_api.database import Store
from cloud_api.migrate import upgrade
from cloud_api.people.back_off import LoginBackOff
from cloud_api.people.passwords import Passwords
from cloud_api.people.register import UserRegister
from runtime.clock import build_clock

__all__ = ["OpenPeople", "open_people"]


class OpenPeople(NamedTuple):
    """What commands about people need."""

    store: Store
    ledger: AuditLedger
    register: UserRegister
    passwords: Passwords
    back_off: LoginBackOff
    now: datetime

    def note(self, action: str, target: str) -> None:
        """Write what was done into the audit log, with who is logged in on this machine."""
        line = draft(self.now, "console", action, target)
        self.ledger.append([line._replace(personal=getpass.getuser())])


def open_people(config: ApiConfig) -> OpenPeople:
    """Return the register of users of the configured database, brought to the newest schema.

    Raises:
        SecretError: the keys or the database's password cannot be had.
        StoreUnavailable: the database does not answer.
    """
    opened = open_audit(config)
    upgrade(opened.store)
    return OpenPeople(
        opened.store,
        opened.ledger,
        UserRegister(opened.store),
        Passwords(),
        LoginBackOff(opened.store),
        build_clock(config.clock).now(),
    )
