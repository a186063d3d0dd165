"""Why an event spoke, for people: its rule's condition in plain words, and the curve around it."""
