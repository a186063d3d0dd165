"""Errors of the rule tools.

RulesToolError (permanent)
├── PackRefused      a pack that does not compile; holds every finding
├── DataRefused      stored data that cannot be read as asked
├── MissingLibrary   an optional library is not installed; says the pip line
└── NotFound         no rule, key or profile of that name
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from runtime.errors import Permanent

if TYPE_CHECKING:
    from cityloop.rules_tools.findings import Finding

__all__ = ["DataRefused", "MissingLibrary", "NotFound", "PackRefused", "RulesToolError"]


class RulesToolError(Exception):
    """Base of every error of the rule tools."""


class PackRefused(RulesToolError, Permanent):
    """Packs that cannot be run.

    Attributes:
        findings: what is wrong, with file, line and column.
    """

    def __init__(self, findings: "Sequence[Finding]") -> None:
        super().__init__("\n".join(finding.line_text for finding in findings))
        self.findings = tuple(findings)


class DataRefused(RulesToolError, Permanent):
    """Stored data is not what it should be: file, where in it, what was expected."""


class MissingLibrary(RulesToolError, Permanent):
    """An optional library is needed for what was asked."""


class NotFound(RulesToolError, Permanent):
    """There is nothing of the name that was given; the message lists what there is."""
