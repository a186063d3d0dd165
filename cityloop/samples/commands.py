"""``cityloop samples``: camera clips to try."""

from cityloop.samples.catalogue import load_catalogue
from cityloop.samples.console import catalogue_group

__all__ = ["main"]

main = catalogue_group(
    lambda: load_catalogue("cityloop.samples"), "camera clips to try", "var/samples"
)
