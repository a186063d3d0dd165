"""Camera clips to try the edge with: what there is, under which licence, and how to fetch it."""
