"""Integration tests of the API: the real server over real sockets."""
