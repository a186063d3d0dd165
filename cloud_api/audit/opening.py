"""Opening the audit log as configured, for the server and for commands."""

from pathlib import Path
from typing import NamedTuple

from cloud_api.audit.anchors import open_anchor
from cloud_api.audit.heads import HeadSigner
from cloud_api.audit.ledger import AuditLedger
from cloud_api.audit.ports import Anchor
from cloud_api.config import ApiConfig, database_url, open_keybook
from cloud_api.database import Store, open_store
from cloud_api.privacy.vault import Vault

__all__ = ["OpenAudit", "audit_anchors", "audit_places", "open_audit"]


class OpenAudit(NamedTuple):
    """The audit log and what it needs."""

    store: Store
    ledger: AuditLedger
    signer: HeadSigner


def audit_places(config: ApiConfig) -> tuple[str, ...]:
    """Return where heads are kept; unless configured, a file beside the folder of evidence."""
    return config.audit_heads or (str(Path(config.evidence_dir).parent / "audit-heads.jsonl"),)


def audit_anchors(config: ApiConfig) -> list[Anchor]:
    """Return the configured anchors.

    Raises:
        SecretError: the witness's token cannot be had.
    """
    return [open_anchor(place, config.audit_witness_token_env) for place in audit_places(config)]


def open_audit(config: ApiConfig) -> OpenAudit:
    """Return the audit log of the configured database.

    Raises:
        SecretError: the keys or the database's password cannot be had.
    """
    book = open_keybook(config)
    store = open_store(
        database_url(config),
        timeout_s=config.database_timeout_s,
        synchronous=config.sqlite_synchronous.value,
    )
    return OpenAudit(store, AuditLedger(store, Vault(store, book)), HeadSigner(book))
