"""Checking packs: every fault at once, and what is legal but hardly meant."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cityloop.rules_tools.dead_steps import dead_steps
from cityloop.rules_tools.findings import Finding, Severity, as_finding, pack_files
from cityloop.rules_tools.overlaps import Placed, overlaps
from gateway.place_files import read_place_files, table_files
from gateway.quality_defaults import load_quality_defaults
from rules.pack import compile_pack, shared_tables
from rules.rule import Rule, RulePack
from rules.table_files import TableFiles
from rules.tables import NO_TABLES, Tables
from runtime.errors import ConfigError
from runtime.yaml_document import Document, load_document

__all__ = ["check_packs"]


def check_packs(paths: Sequence[Path]) -> list[Finding]:
    """Return what is wrong with packs: faults first found per rule, then warnings, by position.

    A rule with a fault does not hide the faults of the others. Within one rule the first fault is
    reported: what follows it often only follows from it.

    Args:
        paths: files, or folders whose ``*.yaml`` files are all packs.

    Raises:
        PackRefused: a folder without a pack.
    """
    findings: list[Finding] = []
    placed: list[Placed] = []
    owners: dict[str, str] = {}
    documents = list[_Written]()
    shared = NO_TABLES
    for path in pack_files(paths):
        try:
            one = _Written(
                load_document(path),
                table_files(read_place_files(path.read_text("utf-8-sig"), path), str(path)),
            )
            documents.append(one)
            shared = shared_tables(
                one.document.data, one.document.error, one.document.key_error, one.files, shared
            )
        except ConfigError as error:
            findings.append(as_finding(error))
    for one in documents:
        document = one.document
        compiled, faults = _compile(one, shared)
        findings.extend(faults)
        for index, rule in compiled:
            if rule.id in owners:
                reason = f"rule {rule.id!r} is also in {owners[rule.id]}; rename one"
                findings.append(as_finding(document.error(("rules", index, "id"), reason)))
                continue
            owners[rule.id] = document.name
            placed.append(Placed(rule, document, index))
            findings.extend(
                _warning(document, ("rules", index, "ladder", step, "when"), reason)
                for step, reason in dead_steps(rule)
            )
    findings.extend(
        _warning(one.document, ("rules", one.number, "watch"), reason)
        for one, reason in overlaps(placed)
    )
    return sorted(findings, key=lambda one: (one.file, one.line, one.column, one.message))


def _warning(document: Document, path: Sequence[str | int], message: str) -> Finding:
    return as_finding(document.error(path, message), Severity.WARNING)


class _Written(NamedTuple):
    document: Document
    files: TableFiles


def _compile(written: _Written, shared: Tables) -> tuple[list[tuple[int, Rule]], list[Finding]]:
    """Return a document's rules that compile, each with its index, and the others' faults."""
    document = written.document
    try:
        pack = compile_pack(
            document.data,
            document.name,
            document.error,
            load_quality_defaults(),
            document.key_error,
            written.files,
            shared,
        )
    except ConfigError as error:
        found = _rule_by_rule(written, shared)
        return found if found is not None else ([], [as_finding(error)])
    return list(enumerate(pack.rules)), []


def _rule_by_rule(
    written: _Written, shared: Tables
) -> tuple[list[tuple[int, Rule]], list[Finding]] | None:
    """Compile every rule by itself; None where the fault is not within a rule."""
    data = written.document.data
    rules = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(rules, list):
        return None
    compiled: list[tuple[int, Rule]] = []
    findings: list[Finding] = []
    seen: set[object] = set()
    for index, rule in enumerate(rules):
        try:
            pack = _alone(written, shared, rule, index)
        except ConfigError as error:
            findings.append(as_finding(error))
            continue
        found = pack.rules[0]
        if found.id in seen:
            reason = f"rule {found.id!r} is declared twice; rename one"
            findings.append(as_finding(written.document.error(("rules", index, "id"), reason)))
            continue
        seen.add(found.id)
        compiled.append((index, found))
    unique = list(dict.fromkeys(findings))
    return (compiled, unique) if unique else None


def _alone(written: _Written, shared: Tables, rule: object, index: int) -> RulePack:
    """Return the pack with only one of its rules; errors keep the place in the whole."""
    document = written.document

    def within(path: Sequence[str | int]) -> Sequence[str | int]:
        return ("rules", index, *path[2:]) if tuple(path[:2]) == ("rules", 0) else path

    return compile_pack(
        {**document.data, "rules": [rule]},
        document.name,
        lambda path, message: document.error(within(path), message),
        load_quality_defaults(),
        lambda path, message: document.key_error(within(path), message),
        written.files,
        shared,
    )
