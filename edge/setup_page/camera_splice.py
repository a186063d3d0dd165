"""Puts one camera into the text of a configuration and leaves the rest, comments and all, as it is."""

import difflib
from typing import Any

import yaml

from runtime.errors import ConfigError
from runtime.yaml_document import parse_document

__all__ = ["diff", "render", "with_camera"]


class _Writer(yaml.SafeDumper):
    """Lists inside mappings are indented as people indent them here: not at all."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - inherited signature
        """Write a value twice that stands in two places: anchors surprise those who edit."""
        return True


def render(data: Any) -> str:
    """Return data as YAML text; what holds only plain values stands on one line."""
    return yaml.dump(
        data,
        Dumper=_Writer,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None,
        width=100,
    )


def diff(before: str, after: str, name: str) -> str:
    """Return what changes from one text to another, as ``diff -u`` shows it; empty for nothing."""
    lines = difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"{name} (now)",
        f"{name} (new)",
    )
    return "".join(line if line.endswith("\n") else line + "\n" for line in lines)


def with_camera(text: str, camera: dict[str, Any], name: str) -> str:
    """Return a configuration's text with a camera replaced, or added where its id is new.

    The text is cut at the camera's lines. What comes out is read again, and where it does not hold
    exactly what it should (a list written in some unusual way), the whole file is written anew,
    without its comments.

    Args:
        text: a valid configuration.
        camera: the camera, with its ``id``.
        name: of the file, for errors.

    Raises:
        ConfigError: the text is no YAML mapping.
    """
    data = parse_document(text, name).data
    if not isinstance(data, dict):
        raise ConfigError(name, 1, 1, f"expected a mapping, got {type(data).__name__}")
    cameras = list(data.get("cameras") or ())
    number = next((n for n, one in enumerate(cameras) if one.get("id") == camera["id"]), None)
    if number is None:
        cameras.append(camera)
    else:
        cameras[number] = camera
    wanted = {**data, "cameras": cameras}
    spliced = _spliced(text, camera, number)
    try:
        if spliced is not None and parse_document(spliced, name).data == wanted:
            return spliced
    except ConfigError:
        # a cut in the wrong place; the whole text is written below
        pass
    return render(wanted)


def _spliced(text: str, camera: dict[str, Any], number: int | None) -> str | None:
    """Return the text with the camera cut in; None where the list is not written line by line."""
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    found = _cameras_node(text)
    if found is None:
        return "".join(lines) + render({"cameras": [camera]})
    key, node = found
    if not isinstance(node, yaml.SequenceNode) or node.flow_style:
        if getattr(node, "value", None) not in ([], "", "null", "~"):
            return None
        first, last = key.start_mark.line, node.end_mark.line
        # an empty scalar ends where the next key begins
        last = max(first, last if node.end_mark.column else last - 1)
        return "".join((*lines[:first], render({"cameras": [camera]}), *lines[last + 1 :]))
    indent = node.start_mark.column
    starts = [item.start_mark.line for item in node.value]
    end = _last_content(lines, starts[-1], node.end_mark.line)
    starts.append(end)
    block = _indented(render([camera]), indent)
    if number is None:
        return "".join((*lines[:end], block, *lines[end:]))
    stop = starts[number + 1]
    if number + 1 < len(node.value):
        # comments above the next camera belong to that one
        stop = _last_content(lines, starts[number], stop)
    return "".join((*lines[: starts[number]], block, *lines[stop:]))


def _cameras_node(text: str) -> tuple[yaml.Node, yaml.Node] | None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode):
        return None
    return next(((key, value) for key, value in root.value if key.value == "cameras"), None)


def _last_content(lines: list[str], first: int, stop: int) -> int:
    """Return the line after the last one before ``stop`` that is neither blank nor a comment."""
    while stop > first + 1 and lines[stop - 1].lstrip()[:1] in {"", "#"}:
        stop -= 1
    return stop


def _indented(text: str, columns: int) -> str:
    return "".join(" " * columns + line for line in text.splitlines(keepends=True))
