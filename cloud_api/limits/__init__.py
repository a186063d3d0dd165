"""Limits on how often somebody may ask: by identity, and by address where nobody is known."""
