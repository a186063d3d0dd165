"""From hard pictures to the next data set."""
