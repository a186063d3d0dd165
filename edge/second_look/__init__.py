"""What a box notices about its own seeing: drift, and pictures that are worth a second look."""
