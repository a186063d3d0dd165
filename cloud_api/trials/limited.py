"""``python -m cloud_api.trials.limited SECONDS BYTES MODULE WORD…``: a module's command within limits.

Processor time, memory and the size of written files are limited by the kernel, and everything else on
the machine goes first.
"""

import os
import resource
import runpy
import sys

__all__ = ["main"]

_FILE_BYTES = 256 * 1024 * 1024
"""Largest file that a trial may write."""


def main(words: list[str]) -> None:
    """Limit this process, then run a module's command in it.

    Args:
        words: seconds of processor time, bytes of memory, module, and the command's own words.
    """
    seconds, most_bytes, module = int(words[0]), int(words[1]), words[2]
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_FILE_BYTES, _FILE_BYTES))
    os.nice(10)
    sys.argv = [module, *words[3:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
