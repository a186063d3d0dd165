"""Checking packs and trying them on stored data, with the tools that everybody has: ``cityloop rules``."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from cloud_api.errors import InvalidInput
from cloud_api.packs.book import PackText
from cloud_api.trials.bench import Bench, Outcome

__all__ = ["TrialData", "answer_of", "back_test", "check_packs", "stored_data", "write_pack"]

_SUFFIX = ".yaml"
_TABLE = "uploaded.csv"


class TrialData(NamedTuple):
    """What a pack is tried on."""

    table: str | None
    """A CSV of readings; None: what ``trials.data`` names."""
    mapping: str | None
    """What the table's columns mean, as YAML; None: they are called as fields are."""
    since: str | None
    until: str | None


def check_packs(bench: Bench, packs: Mapping[str, PackText], name: str) -> list[dict[str, Any]]:
    """Return what is wrong in one pack beside the others, as ``cityloop rules check`` tells it.

    Args:
        bench: where it runs.
        packs: packs by name, this one among them.
        name: the one that is asked about; findings in others are left out.

    Raises:
        TrialsBusy, TrialTooLong, ToolMissing: as for :meth:`Bench.run`.
        InvalidInput: a file of the pack does not lie beside it.
    """
    with tempfile.TemporaryDirectory(prefix="cityloop-check-") as made:
        folder = Path(made)
        for each, pack in packs.items():
            write_pack(folder, each, pack)
        outcome = bench.run("cityloop", ["rules", "check", ".", "--json"], folder=folder)
    found = answer_of(outcome, "rules check", fine=(0, 1))
    told = [one for one in found["findings"] if Path(one["file"]).name == f"{name}{_SUFFIX}"]
    return [{key: value for key, value in one.items() if key != "file"} for one in told]


def back_test(
    bench: Bench, old: PackText | None, new: PackText, data: TrialData
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return what a pack would have raised, and how that differs from what the old one would have.

    Args:
        bench: where it runs, and which stored data there is.
        old: what is in force; None: nothing is.
        new: what is tried.
        data: on what.

    Raises:
        InvalidInput: there is no data, or it or the pack cannot be used; the tool's own words.
        TrialsBusy, TrialTooLong, ToolMissing: as for :meth:`Bench.run`.
    """
    if data.table is None and bench.config.data is None:
        raise InvalidInput(
            "no stored data is configured here (trials.data of the API); upload a table of readings"
        )
    with tempfile.TemporaryDirectory(prefix="cityloop-trial-") as made:
        folder = Path(made)
        write_pack(folder / "new", "pack", new)
        if data.table is not None:
            (folder / _TABLE).write_text(data.table, encoding="utf-8")
        source = _TABLE if data.table is not None else stored_data(bench)
        options = [
            *(("--mapping", data.mapping) if data.mapping else ()),
            *(("--since", data.since) if data.since else ()),
            *(("--until", data.until) if data.until else ()),
            "--json",
        ]
        told = bench.run(
            "cityloop",
            ["rules", "replay", "new/pack.yaml", "--from", source, *options],
            folder=folder,
        )
        found = answer_of(told, "rules replay", fine=(0,))
        if old is None:
            return found, None
        write_pack(folder / "old", "pack", old)
        compared = bench.run(
            "cityloop",
            ["rules", "diff", "old/pack.yaml", "new/pack.yaml", "--on", source, *options],
            folder=folder,
        )
        return found, answer_of(compared, "rules diff", fine=(0,))


def stored_data(bench: Bench) -> str:
    """Return where stored data is, as a trial in another folder finds it; empty where there is none."""
    stored = bench.config.data or ""
    return stored if "://" in stored or not stored else str(Path(stored).resolve())


def write_pack(folder: Path, name: str, pack: PackText) -> None:
    """Write a pack and the files of its tables into a folder.

    Raises:
        InvalidInput: a file of the pack does not lie beside it.
    """
    home = folder.resolve()
    for each, text in {f"{name}{_SUFFIX}": pack.text, **pack.files}.items():
        path = (home / each).resolve()
        if not path.is_relative_to(home):
            raise InvalidInput(f"file {each[:80]!r} of pack {name!r} does not lie beside it")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def answer_of(outcome: Outcome, tool: str, *, fine: Sequence[int]) -> dict[str, Any]:
    """Return what a tool printed as JSON.

    Args:
        outcome: how it ended.
        tool: its name, for who reads the error.
        fine: exit statuses that come with an answer.

    Raises:
        InvalidInput: it gave none; the tool's own words.
    """
    if outcome.status in fine:
        try:
            found: dict[str, Any] = msgspec.json.decode(outcome.output)
        except msgspec.DecodeError:
            pass  # no answer, only words: they are told below
        else:
            return found
    said = outcome.errors.strip() or f"{tool} ended with {outcome.status}"
    raise InvalidInput(f"{tool}: {said}"[:2_000])
