"""What suits a box: measured on it, told as a table, written into its configuration."""
