"""Passwords: from a file or the environment, never from a configuration and never into a log."""

import os
from pathlib import Path

from runtime.errors import SecretError

__all__ = ["DEMO_VARIABLE", "check_secret", "read_secret"]

DEMO_VARIABLE = "CITYLOOP_DEMO"
"""Environment variable that allows default secrets."""

_DEFAULTS = frozenset(
    {
        "123456",
        "12345678",
        "admin",
        "changeit",
        "changeme",
        "changethis",
        "cityloop",
        "default",
        "gateway",
        "guest",
        "mosquitto",
        "passw0rd",
        "password",
        "public",
        "root",
    }
)
"""Secrets that examples and factories leave behind; compared in lower case."""


def read_secret(file: str | None, env: str | None, what: str) -> str | None:
    """Return a secret, or None when neither a file nor a variable is named.

    Args:
        file: path of a file that holds nothing but the secret; a final newline is dropped.
        env: name of an environment variable that holds it.
        what: whose secret it is, for the message.

    Raises:
        SecretError: both are named, or what is named cannot be read, is empty, or is a default that
            everybody knows.
    """
    if file is not None and env is not None:
        raise SecretError(f"{what}: both a password file and a variable are named; keep one")
    if file is not None:
        try:
            secret = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SecretError(
                f"{what}: password file {file}: {error}; check path, owner and encoding"
            ) from error
        source = f"password file {file}"
    elif env is not None:
        secret = os.environ.get(env, "")
        source = f"environment variable {env}"
    else:
        return None
    if not secret:
        raise SecretError(f"{what}: {source} is empty or not set; put the password there")
    check_secret(secret, f"{what}: {source}")
    return secret


def check_secret(secret: str, what: str) -> None:
    """Refuse what everybody tries first, unless ``CITYLOOP_DEMO=1`` says that this is a toy.

    Raises:
        SecretError: the secret is a well-known default.
    """
    if secret.lower() in _DEFAULTS and os.environ.get(DEMO_VARIABLE) != "1":
        raise SecretError(
            f"{what} holds a default that everybody knows; make a new one, for example with "
            f"`openssl rand -base64 24`, or set {DEMO_VARIABLE}=1 on a machine for demonstrations"
        )
