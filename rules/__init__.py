"""The rule language and its engine: YAML packs, typed expressions, ladders over event time.

Pure: no I/O, no clock. Time arrives as an argument, state leaves as bytes, packs come as parsed data.
"""
