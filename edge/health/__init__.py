"""How a box keeps itself well: heat, disk, watchdog, and the figures that it shows."""
