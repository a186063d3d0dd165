"""Builds the vault of the originals from the configuration."""

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from edge.evidence.vault import Vault, read_key
from runtime.secret import read_secret

if TYPE_CHECKING:
    from edge.evidence.config import OriginalsConfig

__all__ = ["build_vault"]


def build_vault(config: "OriginalsConfig | None", folder: Path) -> Vault | None:
    """Return the vault, or None where no originals are to be kept.

    Args:
        config: where, for how long, and where the key is.
        folder: what relative paths start from.

    Raises:
        SecretError: the key cannot be read, or none is named.
        OriginalSealed: the key is malformed.
    """
    if config is None:
        return None
    key_file = None if config.key_file is None else str(folder / config.key_file)
    secret = read_secret(key_file, config.key_env, "evidence.originals")
    return Vault(
        folder / config.path,
        read_key(secret or ""),
        ttl=timedelta(hours=config.ttl_h),
        budget_bytes=config.budget_bytes,
    )
