"""``cityloop edge doctor``: whether everything that a box needs is there and works."""
