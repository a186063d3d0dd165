"""The life of a detector: datasets, training, export, evaluation, signing. Begins with a later version."""
