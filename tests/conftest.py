"""Settings of every test run."""

import os

from hypothesis import settings

# A gate must give the same answer twice; the search for new counter-examples belongs to developers.
settings.register_profile("gate", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("gate")
