"""Contract tests: every camera source and every detector."""
