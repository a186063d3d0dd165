"""The quality thresholds per device profile that ship, read from their file once."""

from functools import cache
from importlib.resources import files
from pathlib import Path

from rules.quality.section import QualityDefaults, read_defaults
from runtime.yaml_document import load_document

__all__ = ["load_quality_defaults"]


@cache
def load_quality_defaults() -> QualityDefaults:
    """Return what ``profile`` stands for in the ``quality`` section of a rule.

    Raises:
        ConfigError: the file that ships was changed and is wrong, with line and column.
    """
    document = load_document(Path(str(files("rules.quality") / "defaults.yaml")))
    return read_defaults(document.data, document.error)
