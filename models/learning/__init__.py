"""From pictures that were hard to the next version of a data set, and of a model."""
