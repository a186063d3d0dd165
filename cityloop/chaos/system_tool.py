"""Programs of the system that a fault is made with."""

import subprocess

from cityloop.errors import StackError

__all__ = ["run_tool"]

_TIMEOUT_S = 30.0


def run_tool(*command: str, text: str = "") -> str:
    """Run a program to its end and return what it wrote.

    Args:
        command: the program and its arguments.
        text: what it reads from its standard input.

    Raises:
        StackError: it says that it failed.
    """
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
    )
    if done.returncode:
        raise StackError(f"{' '.join(command)}: {done.stderr.strip()[:300]}")
    return done.stdout
