"""Rules of rollouts."""
