"""Foreign formats: what other systems publish, mapped to our readings and observations by data."""
