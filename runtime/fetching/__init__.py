"""Fetching files that others publish: catalogues with origin, hash and licence; resumed and verified downloads."""
