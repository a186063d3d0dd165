"""Training: a data set goes in, a network that a box can read comes out."""
