"""Data sets: pictures with boxes in one plain form, versioned by what is in them."""
