"""``python -m benchmarks.rules [--json]``: this benchmark alone."""

import sys

from benchmarks.rules.report import main

if __name__ == "__main__":
    main(as_json="--json" in sys.argv)
