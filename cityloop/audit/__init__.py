"""Counting what a run lost or did twice, from its own books: ledger, journal, API."""
