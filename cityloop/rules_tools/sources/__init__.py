"""Where stored data comes from: journals, message lines and tables, all as a gateway would see them."""
