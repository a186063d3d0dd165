"""What a box notices about its own seeing."""
