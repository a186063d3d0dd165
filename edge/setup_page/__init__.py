"""The installer's first ten minutes: one local page that turns a picture into a configuration."""
