"""A candidate beside the model that counts: it looks at a share of the frames, and only counts come of it."""
