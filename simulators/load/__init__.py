"""An open-loop load generator: so many messages a second, whether or not the broker keeps up."""
