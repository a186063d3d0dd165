"""Results of the tests inside packs, as text for people and JUnit XML for build servers."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree as ET  # only written here, never parsed

from rules.pack_tests import TestResult

__all__ = ["PackResults", "failure_text", "junit_xml"]


class PackResults(NamedTuple):
    """The results of one pack."""

    file: str
    results: Sequence[TestResult]

    @property
    def failures(self) -> int:
        """How many tests failed."""
        return sum(not result.ok for result in self.results)


def failure_text(result: TestResult) -> str:
    """Return what a failed test expected and what it found."""
    expected, found = (", ".join(told) or "nothing" for told in (result.expected, result.found))
    return f"expected {expected}; found {found}"


def junit_xml(packs: Sequence[PackResults]) -> bytes:
    """Return results as JUnit XML: a suite per pack, a case per test, classed by rule.

    Source: https://github.com/testmoapp/junitxml (the common subset that build servers read).
    """
    total = sum(len(pack.results) for pack in packs)
    failures = sum(pack.failures for pack in packs)
    root = ET.Element(
        "testsuites", name="cityloop rules", tests=str(total), failures=str(failures), errors="0"
    )
    for pack in packs:
        suite = ET.SubElement(
            root,
            "testsuite",
            name=pack.file,
            tests=str(len(pack.results)),
            failures=str(pack.failures),
            errors="0",
        )
        for result in pack.results:
            case = ET.SubElement(
                suite, "testcase", classname=result.rule, name=result.name, file=pack.file
            )
            if not result.ok:
                text = failure_text(result)
                ET.SubElement(case, "failure", message=text, type="Mismatch").text = text
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"
