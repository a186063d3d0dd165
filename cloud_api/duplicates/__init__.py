"""Duplicates 判重: whether two cases are about one matter, by class, place, time, words and pictures."""
