"""Parts of the chaos runs that need no stack."""
