"""Duplicates 判重: whether two cases are about one matter, by class, place, time and words."""
