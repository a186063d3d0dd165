"""Reports of people: one entrance, a code to follow them, and an answer in any case."""
