"""Open311 GeoReport v2: the same reports, for apps that speak it."""
