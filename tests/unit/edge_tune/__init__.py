"""What suits a box."""
