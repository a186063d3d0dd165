"""What the cameras see just now, redacted and annotated, for who knows the password."""
