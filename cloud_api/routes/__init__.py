"""The HTTP surface, one file for each kind of thing; thin: reads the request, calls one part."""
