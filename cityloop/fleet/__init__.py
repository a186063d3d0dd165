"""Running the fleet from the command line, through the API."""
