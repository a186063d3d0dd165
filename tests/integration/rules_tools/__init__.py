"""Tests of the rule tools with a gateway's own journal and as a command."""
