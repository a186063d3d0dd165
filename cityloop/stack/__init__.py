"""Hub, gateway, API and box as supervised processes on this machine's loopback."""
