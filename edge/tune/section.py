"""One section of a YAML file written anew, with everything around it left as it is."""

import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["with_section", "write_section"]

_TOP = re.compile(r"^[^\s#-][^:]*:")


def with_section(text: str, name: str, values: Mapping[str, str | int | float]) -> str:
    """Return a YAML text whose top-level section ``name`` has these values, and no others.

    Args:
        text: block style at the top level, as every configuration here has it.
        name: of the section.
        values: plain values by key.
    """
    section = f"{name}:\n" + "".join(f"  {key}: {value}\n" for key, value in values.items())
    lines = text.splitlines(keepends=True)
    start = next((at for at, line in enumerate(lines) if line.startswith(f"{name}:")), None)
    if start is None:
        return text + ("" if not text or text.endswith("\n") else "\n") + section
    end = start + 1
    while end < len(lines) and not _TOP.match(lines[end]):
        end += 1
    # comments and blank lines before the next section belong to that one
    while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].startswith("#")):
        end -= 1
    return "".join(lines[:start]) + section + "".join(lines[end:])


def write_section(path: Path, name: str, values: Mapping[str, str | int | float]) -> None:
    """Write a section into a file, by a rename: a power cut leaves the old or the new one.

    Raises:
        OSError: the file cannot be read or written.
    """
    text = with_section(path.read_text(encoding="utf-8"), name, values)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
