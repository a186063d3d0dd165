"""Street scenes through a pinhole camera: drawn frames, and labels that are exactly true."""
