"""What protects evidence: metadata taken out, sealed at rest, links that expire, an end with proof."""
