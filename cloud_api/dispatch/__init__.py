"""Who handles what: class tables, responsibility lists, grids, duty rosters, and advice from them."""
