"""Gives the QARTOD flags of ioos-qc for series of values; run by the oracles' own Python.

Reads one JSON object a line, ``{test, at, values, ...thresholds}``, and prints its flags as a JSON list.
ioos-qc brings xarray and pandas, which nothing of ours needs.
"""

import importlib
import json
import sys
from typing import Any

import numpy as np


def _flags(case: dict[str, Any]) -> list[int]:
    # only the oracles' environment has it
    qartod = importlib.import_module("ioos_qc.qartod")

    test = case["test"]
    values = np.array([np.nan if value is None else value for value in case["values"]], float)
    at = np.array(case["at"], "datetime64[s]")
    if test == "range":
        found = qartod.gross_range_test(
            values, fail_span=case["fail_span"], suspect_span=case["suspect_span"]
        )
    elif test == "spike":
        found = qartod.spike_test(values, case["suspect"], case["fail"], method="differential")
    elif test == "rate":
        found = qartod.rate_of_change_test(values, at, case["suspect"], case["fail"])
    elif test == "stuck":
        found = qartod.flat_line_test(
            values, at, case["suspect_s"], case["fail_s"], case["tolerance"]
        )
    elif test == "gap":
        found = qartod.time_gap_test(at, fail_span=case["max_s"] / 3600.0)
    else:
        found = qartod.qartod_compare([np.array(flags) for flags in case["flags"]])
    return [int(flag) for flag in np.ma.filled(found, 9)]


def main() -> None:
    """Answer each line of the standard input with one line."""
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_flags(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
