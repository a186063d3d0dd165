"""A minute of storm, told in plain words."""
