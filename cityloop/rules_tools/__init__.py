"""Tools around rule packs: check, test, replay, explain, compare, draw, and help to write them."""
