"""``python -m benchmarks.gateway [--json]``: this benchmark alone."""

import sys

from benchmarks.gateway.report import main

if __name__ == "__main__":
    main("--json" in sys.argv)
