"""The agent on the box: cameras and sensors in, tracks, counts, observations and readings out."""
