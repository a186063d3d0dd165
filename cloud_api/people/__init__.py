"""People: local users, their sessions, logins at other places, and what of the city they may see."""
