"""What a dispatcher works from: the queue of open cases by lamp, who is there, and giving out many at once."""
